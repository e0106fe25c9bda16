"""Runs a bundle's networks in ONNX Runtime: photos and music windows to pooled features, features to embeddings and VA.

A backbone (pixels or rows to pooled features) is slow, a head (features to embedding and VA) is a matrix product; they
are separate so that stored features can be given a new head without decoding anything again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from engine.bundle import (
    EMBEDDING_WIDTH,
    MUSIC_BACKBONE,
    MUSIC_HEAD,
    N_CONTENT_CLASSES,
    PHOTO_BACKBONE,
    PHOTO_HEAD,
    SIMILARITY,
    ModelBundle,
)
from engine.emotion import FloatArray
from engine.errors import BrokenBundle
from engine.features import N_FRAMES, N_ROWS
from engine.images import model_input

PHOTO_BATCH = 8
"""Photos per run: more gains no speed on a CPU, and eight photos need less than 100 MB."""

MUSIC_BATCH = 32
"""Windows per run, about a minute of music."""

HEAD_BATCH = 4096
"""Rows per run of a head: 20 MB of features."""

PAIR_BATCH = 4096
"""Pairs per run of the similarity predictor: 16 MB of embeddings."""

_ORT_FAULTS = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
)
"""ONNX Runtime's errors have no common root but Exception."""

_LOG_ERRORS_ONLY = 3


@dataclass(frozen=True, slots=True)
class _Part:
    """What one ONNX file must take and give: names and the shape of a row (without the batch axis)."""

    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    batch: int


class Encoders:
    """The networks of one bundle, each loaded at its first use. Every method may be called from any thread.

    n_threads bounds the threads of each run; 0 leaves it to ONNX Runtime (one per core). Long inputs are run in chunks,
    so memory stays bounded; an empty input gives an empty output. Networks that are loaded in
    `like` and the same here are shared. Raises BrokenBundle when a file does not load or does not take and give what
    the manifest says.
    """

    def __init__(self, bundle: ModelBundle, *, n_threads: int = 0, like: Encoders | None = None) -> None:
        self.bundle = bundle
        self._n_threads = n_threads
        self._sessions: dict[str, ort.InferenceSession] = like.sessions_for(bundle) if like is not None else {}
        self._lock = threading.Lock()
        photo, music = bundle.manifest.photo, bundle.manifest.music
        head = {"embedding": (EMBEDDING_WIDTH,), "va": (2,)}
        pair = {"photo_embedding": (EMBEDDING_WIDTH,), "music_embedding": (EMBEDDING_WIDTH,)}
        pixels = (3, photo.input_px, photo.input_px)
        seen = {"features": (photo.feature_width,)} | ({"content": (N_CONTENT_CLASSES,)} if photo.has_content else {})
        self._parts = {
            PHOTO_BACKBONE: _Part({"images": pixels}, seen, PHOTO_BATCH),
            PHOTO_HEAD: _Part({"features": (photo.feature_width,)}, head, HEAD_BATCH),
            MUSIC_BACKBONE: _Part({"windows": (N_ROWS, N_FRAMES)}, {"features": (music.feature_width,)}, MUSIC_BATCH),
            MUSIC_HEAD: _Part({"features": (music.feature_width,)}, head, HEAD_BATCH),
            SIMILARITY: _Part(pair, {"similarity": ()}, PAIR_BATCH),
        }
        self._row_mean = music.row_mean[:, None]
        self._row_scale = np.float32(1) / music.row_std[:, None]

    def photo_input(self, image: NDArray[np.uint8]) -> FloatArray:
        """One photo's pixels (h, w, 3) as the photo backbone takes them, (3, input_px, input_px)."""
        spec = self.bundle.manifest.photo
        return model_input(image, input_px=spec.input_px, mean=spec.mean, std=spec.std)

    def photo_features(self, images: FloatArray) -> FloatArray:
        """Pooled features (n, F) of photos (n, 3, input_px, input_px) that came from `photo_input`."""
        return self._run(PHOTO_BACKBONE, images)[0]

    def photo_features_and_content(self, images: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Features as `photo_features` gives them, and the probabilities (n, 1000) of what the photos show.

        The latter are None for a bundle whose backbone does not say (see `PhotoSpec.has_content`).
        """
        features, *content = self._run(PHOTO_BACKBONE, images)
        return features, content[0] if content else None

    def photo_heads(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Embeddings (n, 512) and VA (n, 2) in [0, 1] from photo features (n, F)."""
        embeddings, va = self._run(PHOTO_HEAD, features)
        return embeddings, va

    def music_features(self, windows: FloatArray) -> FloatArray:
        """Pooled features (n, G) of music windows (n, 193, 87) as `engine.features` gives them.

        Standardises each row with the bundle's training statistics.
        """
        shape = (N_ROWS, N_FRAMES)
        if windows.shape[1:] != shape:
            raise ValueError(f"windows must be (n, {N_ROWS}, {N_FRAMES}), not {windows.shape}")
        parts = [np.empty((0, self.bundle.manifest.music.feature_width), dtype=np.float32)]
        for first in range(0, len(windows), MUSIC_BATCH):
            rows = (windows[first : first + MUSIC_BATCH] - self._row_mean) * self._row_scale
            parts.append(self._run(MUSIC_BACKBONE, rows)[0])
        return np.concatenate(parts)

    def music_heads(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Embeddings (n, 512) and VA (n, 2) in [0, 1] from music features (n, G)."""
        embeddings, va = self._run(MUSIC_HEAD, features)
        return embeddings, va

    def pair_similarity(self, photo_embeddings: FloatArray, music_embeddings: FloatArray) -> FloatArray:
        """Predicted similarity (n,) in [0, 1] of row i of photos (n, 512) with row i of music (n, 512)."""
        return self._run(SIMILARITY, photo_embeddings, music_embeddings)[0]

    def similarity(self, photo_embeddings: FloatArray, music_embeddings: FloatArray) -> FloatArray:
        """Predicted similarity (n, m) in [0, 1] of all photos (n, 512) with all music windows (m, 512)."""
        n_photos, n_windows = len(photo_embeddings), len(music_embeddings)
        scores = np.empty(n_photos * n_windows, dtype=np.float32)
        for first in range(0, len(scores), PAIR_BATCH):
            pairs = np.arange(first, min(first + PAIR_BATCH, len(scores)))
            photos, windows = photo_embeddings[pairs // n_windows], music_embeddings[pairs % n_windows]
            scores[pairs] = self._run(SIMILARITY, photos, windows)[0]
        return scores.reshape(n_photos, n_windows)

    def sessions_for(self, bundle: ModelBundle) -> dict[str, ort.InferenceSession]:
        """Networks that are loaded and whose files are the same in another bundle, which need not load them again."""
        files, others = self.bundle.manifest.files, bundle.manifest.files
        with self._lock:
            return {name: session for name, session in self._sessions.items() if files[name] == others[name]}

    def check(self, *, like: Encoders | None = None) -> None:
        """Load every network and run each once on zeros, but those that are the same in `like`.

        Raises BrokenBundle at the first that fails.
        """
        files = self.bundle.manifest.files
        known = like.bundle.manifest.files if like is not None else {}
        for name, part in self._parts.items():
            if known.get(name) != files[name]:
                self._run(name, *(_zeros((1, *shape)) for shape in part.inputs.values()))

    def _run(self, name: str, *inputs: FloatArray) -> list[FloatArray]:
        """Run one network over all rows in chunks; outputs in the order of its part."""
        part = self._parts[name]
        n_rows = len(inputs[0])
        for array, (input_name, shape) in zip(inputs, part.inputs.items(), strict=True):
            if array.shape != (n_rows, *shape):
                raise ValueError(f"{input_name} must be {('n', *shape)} with equal n, not {array.shape}")
        outputs = [np.empty((n_rows, *shape), dtype=np.float32) for shape in part.outputs.values()]
        for first in range(0, n_rows, part.batch):
            chunk = slice(first, min(first + part.batch, n_rows))
            feed = {
                key: np.ascontiguousarray(array[chunk], dtype=np.float32)
                for key, array in zip(part.inputs, inputs, strict=True)
            }
            for output, result in zip(outputs, self._run_chunk(name, feed), strict=True):
                if result.shape != output[chunk].shape:
                    raise self._broken(name, f"gives {result.shape} where {output[chunk].shape} was promised")
                output[chunk] = result
        return outputs

    def _run_chunk(self, name: str, feed: dict[str, FloatArray]) -> list[FloatArray]:
        session = self._session(name)
        try:
            results: list[FloatArray] = session.run(list(self._parts[name].outputs), feed)
        except _ORT_FAULTS as fault:
            raise self._broken(name, f"does not run: {_first_line(fault)}") from fault
        return results

    def _session(self, name: str) -> ort.InferenceSession:
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                session = self._open(name)
                self._sessions[name] = session
            return session

    def _open(self, name: str) -> ort.InferenceSession:
        # From bytes, not from the path: what was hashed is what runs, and a path may hold bytes that are no UTF-8.
        content = self.bundle.file_bytes(name)
        try:
            session = _session_of(content, n_threads=self._n_threads)
        except _ORT_FAULTS as fault:
            raise self._broken(name, f"is no network that loads: {_first_line(fault)}") from fault
        part = self._parts[name]
        self._check_sockets(name, session.get_inputs(), part.inputs, "takes")
        self._check_sockets(name, session.get_outputs(), part.outputs, "gives")
        return session

    def _check_sockets(
        self, name: str, found: list[ort.NodeArg], wanted: Mapping[str, tuple[int, ...]], verb: str
    ) -> None:
        """Compare a network's declared inputs or outputs with the wanted ones; a named axis may have any length."""
        if {node.name for node in found} != set(wanted):
            names = ", ".join(node.name for node in found)
            raise self._broken(name, f"{verb} {names}, not {', '.join(wanted)}")
        for node in found:
            shape = wanted[node.name]
            declared = node.shape[1:]
            fits = len(node.shape) == len(shape) + 1 and all(
                not isinstance(have, int) or have == want for have, want in zip(declared, shape, strict=False)
            )
            if not fits or isinstance(node.shape[0], int) or node.type != "tensor(float)":
                raise self._broken(name, f"{verb} {node.name} as {node.type} {node.shape}, not float {('n', *shape)}")

    def _broken(self, name: str, reason: str) -> BrokenBundle:
        return BrokenBundle(self.bundle.path, f"{name} {reason}")


def run_network(content: bytes, inputs: Mapping[str, FloatArray], *, n_threads: int = 0) -> list[FloatArray]:
    """Run one ONNX file on its own, as the trainer does to compare an export with its network; outputs in file order.

    Raises ValueError when it does not load or run.
    """
    try:
        results: list[FloatArray] = _session_of(content, n_threads=n_threads).run(None, dict(inputs))
    except _ORT_FAULTS as fault:
        raise ValueError(_first_line(fault)) from fault
    return results


def _session_of(content: bytes, *, n_threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS_ONLY
    # Threads that spin between runs would take the cores that decode the next photos and paint the window.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(content, sess_options=options, providers=["CPUExecutionProvider"])


def providers() -> tuple[str, ...]:
    """Name the execution providers that this build of ONNX Runtime offers."""
    return tuple(ort.get_available_providers())


def _first_line(fault: BaseException) -> str:
    return str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__


def _zeros(shape: tuple[int, ...]) -> FloatArray:
    return np.zeros(shape, dtype=np.float32)
