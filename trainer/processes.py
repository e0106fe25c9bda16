"""Training by several processes at once (torchrun): each embeds its share of a batch, and all see the whole loss.

The metric losses compare items of a batch with each other, so embeddings are gathered before the loss: 2 processes
compute what one would, but for BatchNorm in the backbones, which sees a process's own share.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch import distributed as dist

from trainer.errors import TrainerError


@contextmanager
def joined_processes() -> Iterator[None]:
    """Join the processes that torchrun started, if it did, until the block ends."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    dist.init_process_group("gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def n_processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_first_process() -> bool:
    """Whether this process is the one that writes files and talks."""
    return not dist.is_initialized() or dist.get_rank() == 0


def own_share(n: int) -> slice:
    """This process's rows of a batch of n. Raises TrainerError where they cannot be shared out evenly."""
    size = n_processes()
    if n % size:
        raise TrainerError(f"a batch of {n} cannot be shared out among {size} processes; choose a multiple")
    rank = dist.get_rank() if dist.is_initialized() else 0
    return slice(rank * (n // size), (rank + 1) * (n // size))


def gathered(own: Tensor) -> Tensor:
    """Rows of all processes (n, ...) from each one's own (n / size, ...), in order; the gradient reaches one's own.

    The gradient is multiplied by the number of processes, so that `average_gradients` yields that of the whole batch.
    """
    size = n_processes()
    if size == 1:
        return own
    parts = [torch.empty_like(own) for _ in range(size)]
    dist.all_gather(parts, own.detach().contiguous())
    parts[dist.get_rank()] = own * size - (own * (size - 1)).detach()
    return torch.cat(parts)


def average_gradients(network: nn.Module) -> None:
    """Give every process the mean of all processes' gradients."""
    if n_processes() == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= n_processes()
    first = 0
    for gradient in gradients:
        gradient.copy_(flat[first : first + gradient.numel()].view_as(gradient))
        first += gradient.numel()


@torch.no_grad()
def average_buffers(network: nn.Module) -> None:
    """Give every process the mean of all processes' running statistics (BatchNorm)."""
    if n_processes() == 1:
        return
    for buffer in network.buffers():
        if buffer.is_floating_point():
            dist.all_reduce(buffer)
            buffer /= n_processes()


def wait_for_all() -> None:
    """Wait until every process is here: after the first one has written what the others may read."""
    if n_processes() > 1:
        dist.barrier()
