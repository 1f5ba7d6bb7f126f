"""A small convolutional network of PyTorch, to step 10^300: ``python torch_cnn.py``; to another: ``python torch_cnn.py 1e20``.

Images of 8 × 8 pixels with a bar, lying or standing, in noise. Three layers without biases, ReLU
between them: homogeneous of degree 3. Needs torch.
"""

import sys
import time

import implicit_bias as ib
import torch
from torch import nn


def bars(count):
    """Images ``[count, 1, 8, 8]`` and labels: 1 where the bar lies, -1 where it stands."""
    images = 0.3 * torch.randn(count, 1, 8, 8, dtype=torch.float64)
    y = torch.tensor([1.0, -1.0] * (count // 2), dtype=torch.float64)
    for image, label in zip(images, y):
        place = int(torch.randint(8, ()))
        (image[0] if label > 0 else image[0].T)[place] += 1
    return images, y


class Sum(nn.Module):
    def forward(self, x):
        return x.sum((2, 3))


# Threads cost more than they save on networks of this size.
torch.set_num_threads(1)
torch.manual_seed(0)
X, y = bars(16)
model = nn.Sequential(
    nn.Conv2d(1, 6, 3, bias=False), nn.ReLU(),
    nn.Conv2d(6, 8, 3, bias=False), nn.ReLU(),
    Sum(), nn.Linear(8, 1, bias=False),
).double()

steps = float(sys.argv[1]) if len(sys.argv) > 1 else 1e300
began = time.perf_counter()
run = ib.follow(
    ib.torch_margins(model, X, y),
    dict(model.named_parameters()),
    step_size=0.02,
    steps=steps,
    checkpoint="torch_cnn.npz",
)
print(run)
print(f"{time.perf_counter() - began:.0f} s")
rows = dict(zip(run.steps, zip(run.series["margin_min"], run.series["error_estimate"],
                               run.series["kkt_residual"], run.series["stable_rank_0.weight"])))
print("step     smallest normalized margin  error_estimate  kkt_residual  stable rank of the first layer")
for step in [1e4, 1e6, 1e10, 1e20, 1e50, 1e100, 1e200, 1e300]:
    if step > steps:
        break
    print("{:7.0e}  {:26.6f}  {:14.1e}  {:12.4f}  {:.3f}".format(step, *rows[step]))
run.plot("margins").save("torch_cnn_margins.svg")
