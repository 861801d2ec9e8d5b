"""What an answer leads to."""

from app.answer_text import follow_ups


def test_what_is_asked_back_is_offered_first() -> None:
    answer = {"question": "how is it", "actions": [], "plan": {"readings": ["which class is worst", "what is wrong"]}}
    assert follow_ups(answer, ["Which labels are wrong?"]) == [
        "Which class is worst?", "What is wrong?", "Which labels are wrong?",
    ]  # fmt: skip
