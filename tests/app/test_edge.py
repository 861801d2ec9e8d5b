from pathlib import Path

from app.edge import LIBRARIES, child_environment, model_state, prepare_libraries, read_model, read_settings
from tools.settings import Settings


def test_libraries_are_told_to_be_quiet_and_stay_offline() -> None:
    environment = {"TOKENIZERS_PARALLELISM": "true", "LANGGRAPH_STRICT_MSGPACK": "false"}
    prepare_libraries(environment)

    assert environment.keys() >= LIBRARIES.keys()
    assert environment["TOKENIZERS_PARALLELISM"] == "true"
    assert environment["LANGGRAPH_STRICT_MSGPACK"] == "true"
    assert environment["HF_HUB_OFFLINE"] == "1"


def test_a_wanted_download_may_use_the_network() -> None:
    environment: dict[str, str] = {}
    prepare_libraries(environment, download=True)

    assert "HF_HUB_OFFLINE" not in environment


def test_settings_are_the_command_line_else_the_defaults() -> None:
    workspace = Path("w")

    assert read_settings(workspace) == Settings(workspace=workspace)
    given = read_settings(workspace, encoder="embedded", seed=0, group_column="video")
    assert given == Settings(workspace=workspace, encoder="embedded", seed=0, group_column="video")


def test_a_model_needs_a_name_and_a_key_or_a_server() -> None:
    assert read_model({}) is None
    assert read_model({"OPENAI_API_KEY": "k"}) is None
    assert read_model({"ADVISOR_MODEL": "m"}) is None
    assert read_model({"ADVISOR_MODEL": " ", "OPENAI_API_KEY": "k"}) is None
    local = read_model({"ADVISOR_MODEL": "m", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"})
    assert local is not None
    assert (local.model, local.base_url, local.api_key) == ("m", "http://127.0.0.1:1/v1", "none")
    hosted = read_model({"ADVISOR_MODEL": "m", "OPENAI_API_KEY": "secret"})
    assert hosted is not None
    assert hosted.api_key == "secret"
    assert hosted.base_url.startswith("https://")


def test_the_state_of_the_model_never_tells_the_key() -> None:
    whole = {"ADVISOR_MODEL": "m", "OPENAI_API_KEY": "secret"}

    assert model_state({}) == "rules and templates (no key needed)"
    assert "ADVISOR_MODEL" in model_state({"OPENAI_API_KEY": "secret"})
    assert "language model m" in model_state(whole)
    assert not any("secret" in model_state(e) for e in (whole, {"OPENAI_API_KEY": "secret"}))


def test_the_page_can_import_what_we_import() -> None:
    environment = child_environment("/place/of/app")

    assert environment["PYTHONPATH"].split(":")[0] == "/place/of/app"
    assert environment["LANGGRAPH_STRICT_MSGPACK"] == "true"
