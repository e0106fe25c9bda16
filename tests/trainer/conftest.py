"""Small networks on one thread: handing them between threads costs more than they do, most of all on a busy machine."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
