"""The same folds in the vectors of another encoder, found through the workspace."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.errors import UnknownName
from tools.kinds import kinds
from tools.settings import Settings
from tools.sides import both_sides, plain_side
from tools.whatif import run_experiment
from tools.workspace import Workspace

SHARP = EncoderInfo("sharp", "5" * 64, 24, has_text=False)


@dataclass(frozen=True)
class Spaces:
    spaces: tuple[EmbeddingSpace, ...]

    @property
    def encoders(self) -> tuple[EncoderInfo, ...]:
        return tuple(space.encoder for space in self.spaces)

    def space(self, encoder: EncoderInfo) -> EmbeddingSpace:
        return next(space for space in self.spaces if space.encoder == encoder)


def seen_otherwise(case: Case, distance: float, seed: int = 1) -> EmbeddingSpace:
    """Vectors in which classes are so many deviations apart."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(len(case.ids), SHARP.dimension))
    vectors[np.arange(len(vectors)), case.targets] += distance
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return EmbeddingSpace(SHARP, case.ids, unit.astype(np.float32), np.zeros((len(unit), 0), dtype=np.float32))


def with_other(distance: float, **options: int) -> Case:
    case = vector_case({"cat": 60, "dog": 60, "hen": 60}, separation=1.0, settings=Settings(repeats=2), **options)  # type: ignore[arg-type]
    return replace(case, others=Spaces((case.space, seen_otherwise(case, distance))))


def test_a_better_encoder_helps_on_the_same_folds() -> None:
    case = with_other(5.0)
    assert kinds()["encoder-swap"].eligible(case) == ({"encoder": "sharp"},)
    effect = run_experiment(case, "encoder-swap", {"encoder": "sharp"})
    assert effect.primary.verdict == "helps"
    assert effect.target == "vectors by sharp instead of planted"
    before, after = both_sides(case, kinds()["encoder-swap"], {"encoder": "sharp"})
    assert before.questions is after.questions
    assert before.fitted is plain_side(case).fitted
    assert after.fitted.trainings == before.fitted.trainings
    assert after.vectors.shape == (180, 24)
    assert effect.changed == pytest.approx(144, abs=2)  # every training picture


def test_an_encoder_that_sees_as_much_is_not_said_to_help() -> None:
    verdicts = []
    for seed in range(10):
        case = with_other(0.0, seed=seed)
        turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(32, 32)))[0].astype(np.float32)
        info = EncoderInfo("turned", "6" * 64, 32, has_text=False)
        other = EmbeddingSpace(info, case.ids, case.space.vectors @ turn, np.zeros((180, 0), dtype=np.float32))
        case = replace(case, others=Spaces((case.space, other)))
        verdicts.append(run_experiment(case, "encoder-swap", {"encoder": "turned"}).primary.verdict)
    assert set(verdicts) == {"no_effect"}  # the same vectors, turned


def test_one_encoder_says_how_to_get_another() -> None:
    with pytest.raises(UnknownName, match="advisor import on the same folder again with --encoder"):
        run_experiment(vector_case({"a": 40, "b": 40}), "encoder-swap", {"encoder": "sharp"})


def test_the_workspace_hands_out_the_other_space_and_the_case_says_so(tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=1.0)
    workspace = Workspace.open(tmp_path / "ws")
    kept = workspace.save_dataset(case.dataset, case.space)
    alone = workspace.case(Settings())
    assert alone.other_encoders == ()
    other = seen_otherwise(case, 5.0)
    workspace.save_space(kept.version, other)
    both = workspace.case(Settings())
    assert both.space.encoder == SHARP  # the newest is in use
    assert both.other_encoders == (case.space.encoder,)
    assert both.others is not None
    assert np.array_equal(both.others.space(case.space.encoder).vectors, case.space.vectors)
    first = workspace.case(Settings(encoder="planted"))
    assert first.fingerprint != alone.fingerprint  # one more kind can be tried, which changes every interval
    assert run_experiment(first, "encoder-swap", {"encoder": "sharp"}).primary.verdict == "helps"
