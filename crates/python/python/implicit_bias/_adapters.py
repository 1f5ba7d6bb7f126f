"""Margins and their gradients of networks in PyTorch and JAX, for labels ±1."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Callable

from ._arrays import to_numpy

_Pair = Callable[[Any], tuple[Any, Callable[[Any], Any]]]


def torch_margins(model: Any, X: Any, y: Any) -> _Pair:
    """``y_i f(w; x_i)`` of a ``torch.nn.Module``, for :func:`follow` with ``dict(model.named_parameters())``.

    ``model(X)`` is ``[n]`` or ``[n, 1]``; model, ``X`` and ``y``, labels ±1 ``[n]``, are best in float64.
    Raises :class:`ValueError` for other labels.
    """
    torch = import_module("torch")
    require_signs(y)
    y = torch.as_tensor(y, dtype=X.dtype, device=X.device)
    # Before PyTorch 2 it had another place.
    module = "torch.func" if hasattr(torch, "func") else "torch.nn.utils.stateless"
    functional_call = import_module(module).functional_call

    def margins_and_vjp(w: dict[str, Any]) -> tuple[Any, Callable[[Any], Any]]:
        w = {name: weight.detach().requires_grad_() for name, weight in w.items()}
        q = y * functional_call(model, w, (X,)).reshape(-1)

        def vjp(v: Any) -> dict[str, Any]:
            return dict(zip(w, torch.autograd.grad(q, list(w.values()), v, retain_graph=True)))

        return q, vjp

    return margins_and_vjp


def jax_margins(function: Callable[[Any, Any], Any], X: Any, y: Any) -> _Pair:
    """``y_i f(w, X)_i`` of a function in JAX, compiled, for :func:`follow`.

    ``function(w, X)`` is ``[n]``, and ``y`` labels ±1, ``[n]``; for float64,
    ``jax.config.update("jax_enable_x64", True)`` comes first. Raises :class:`ValueError` for other labels.
    """
    jax = import_module("jax")
    require_signs(y)

    margins = jax.jit(lambda w: y * function(w, X))
    pull_back = jax.jit(lambda w, v: jax.vjp(margins, w)[1](v)[0])
    return lambda w: (margins(w), lambda v: pull_back(w, v))


def require_signs(y: Any) -> None:
    """Refuses labels other than ±1, of which margins would be zero, or of the wrong size."""
    labels = to_numpy(y, "y")
    if labels.ndim != 1:
        raise ValueError(f"y: expected labels of shape [n], found {list(labels.shape)}")
    odd = labels[abs(labels) != 1]
    if len(odd):
        raise ValueError(f"y: expected labels -1 and 1, found {odd[0]:g}; of labels 0 and 1, 2 * y - 1")
