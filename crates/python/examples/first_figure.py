"""Train on arrays of your own, print the verdicts, and save the figure of the stable rank."""

import numpy as np

import implicit_bias as ib

rng = np.random.default_rng(0)
y = np.repeat([1.0, -1.0], 5)
X = rng.normal(size=(10, 1000)) + y[:, None] * np.eye(1000)[0]

run = ib.train(X, y, activation="leaky-relu", slope=0.1, width=20, steps=1e15)
print(run)
run.plot("stable-rank").save("stable-rank.svg")
