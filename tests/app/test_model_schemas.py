"""The JSON of the commands model and why fits the committed schemas; a broken document does not."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.app.test_model import asked, place

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
__all__ = ["place"]


def fits(document: dict[str, Any], name: str, key: str) -> None:
    """It fits; without a key, or with an unknown word under it, it does not."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    for broken in ({k: v for k, v in document.items() if k != key}, {**document, key: "odd"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_model_and_why(place: Path) -> None:
    added = asked(place, "model", "add", str(place / "thing.onnx"), "--scaling", "0-1", "--resize", "stretch")
    fits(added, "model", "preparations")
    fits(asked(place, "model", "check"), "model", "metrics")
    image = next((place / "photos" / "test" / "citrus").iterdir())
    fits(asked(place, "why", str(image)), "why", "verdict")


def test_probe(place: Path) -> None:
    asked(place, "model", "probe", str(place / "asked"), "--most", "120")
    names = sorted(p.name for p in (place / "asked" / "pictures").iterdir())
    (place / "s.csv").write_text("\n".join(["id,pred,score", *(f"{name},apples,0.7" for name in names)]))
    found = asked(place, "model", "probe", str(place / "asked"), "--scores", str(place / "s.csv"))
    fits(found, "probe", "measured_on")
