"""How much the trainer's data pipeline costs beside the plain loop: drawing batches against learning from them.

One JSON line: samples a second of the loop on one batch that is there already, and with batches drawn as in training,
and the share that drawing costs. `--set KEY=VALUE` changes the default preset, `--device cuda` measures a GPU.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from trainer.batches import Batch, draw_batch, label_weights  # noqa: E402
from trainer.config import TrainConfig, make_config  # noqa: E402
from trainer.corpora import PhotoRecord, SongRecord  # noqa: E402
from trainer.data import PhotoSet, SongSet  # noqa: E402
from trainer.losses import total_loss  # noqa: E402
from trainer.networks import CdcmlNetwork  # noqa: E402
from trainer.training import loss_terms, training_device  # noqa: E402

N_PHOTOS, N_SONGS, FEATURES, FRAMES = 560, 400, 680, 431
ROUNDS, STEPS = 3, 6


def made_up(config: TrainConfig, folder: Path) -> tuple[PhotoSet, SongSet]:
    """Sets of the size of the default's, the songs' frames mapped from a file as in the cache."""
    rng = np.random.default_rng(0)
    shape = (N_PHOTOS, config.n_views, FEATURES) if config.photo_backbone != "resnet50" else (64, 2, 3, 224, 224)
    features = rng.standard_normal(shape).astype(np.float16)
    va = rng.uniform(0.1, 0.9, (N_SONGS, 2)).astype(np.float32)
    path = folder / "songs.npy"
    np.save(path, rng.standard_normal((N_SONGS * FRAMES, 193)).astype(np.float16))
    mapped = np.load(path, mmap_mode="r")
    frames = tuple(mapped[i * FRAMES : (i + 1) * FRAMES] for i in range(N_SONGS))
    photo_va = rng.uniform(0.1, 0.9, (len(features), 2)).astype(np.float32)
    photos = tuple(PhotoRecord(Path(str(i)), str(i), *row.tolist()) for i, row in enumerate(photo_va))
    songs = tuple(SongRecord(Path(str(i)), str(i), *row.tolist()) for i, row in enumerate(va))
    return PhotoSet(photos, features, photo_va, np.full_like(photo_va, 0.02)), SongSet(songs, frames, va)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = dataclasses.replace(make_config(options.preset, overrides=options.set), device=options.device)
    device = training_device(config)
    # On a CPU the processor's own time, which other work does not stretch.
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        photos, songs = made_up(config, Path(folder))
        network = CdcmlNetwork.from_config(config, photo_width=photos.features.shape[-1]).to(device).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
        generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
        weights, scale = label_weights(photos), (torch.zeros(1, 193, 1), torch.ones(1, 193, 1))

        def draw() -> Batch:
            return draw_batch(
                config, network, photos=photos, songs=songs, photo_weights=weights, scale=scale, rng=rng,
                generator=generator,
            ).to(device)  # fmt: skip

        def learn(batch: Batch) -> None:
            fields = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
            terms = loss_terms(network, config, **fields, sigma=0.3, generator=generator)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(total_loss(terms, config.loss))
            optimizer.step()

        def seconds(drawn: Batch | None) -> float:
            started = clock()
            for _ in range(STEPS):
                learn(draw() if drawn is None else drawn)
            if device.type == "cuda":
                torch.cuda.synchronize()
            return clock() - started

        first = draw()
        seconds(first)
        # Turn by turn, and the fastest of each: what else the machine does then weighs on neither side alone.
        times = [(seconds(first), seconds(None)) for _ in range(ROUNDS)]
    plain, whole = (min(column) for column in zip(*times, strict=True))
    samples = STEPS * config.batch
    figures = {
        "plain_samples_per_s": round(samples / plain, 1),
        "samples_per_s": round(samples / whole, 1),
        "cost_percent": round(100 * (1 - plain / whole), 1),
        "preset": config.preset,
        "device": config.device,
        "threads": options.threads,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
