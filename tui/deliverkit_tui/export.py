"""A case as a file: Markdown for a ticket, JSON for a program, the recorded answers for ``--replay``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import StrEnum

from deliverkit.language import _
from deliverkit.model import Diagnosis
from deliverkit.net.resolver import Answer
from deliverkit.report.sentences import Sentences


class Form(StrEnum):
    """What can be written."""

    MARKDOWN = "markdown"
    JSON = "json"
    RECORDING = "recording"

    @property
    def suffix(self) -> str:
        """The end of the file's name."""
        return {Form.MARKDOWN: ".md", Form.JSON: ".json", Form.RECORDING: ".recording.json"}[self]

    @property
    def about(self) -> str:
        """What it is for."""
        return {
            Form.MARKDOWN: _("for a ticket or a pull request"),
            Form.JSON: _("for a program; the same as deliverkit diagnose --format json"),
            Form.RECORDING: _("every DNS answer, for --replay and for a bug report"),
        }[self]


def rendered(form: Form, diagnosis: Diagnosis, say: Sentences, answers: Sequence[Answer]) -> str:
    """The text of the file."""
    match form:
        case Form.MARKDOWN:
            from deliverkit.report.markdown import bounce_markdown

            return bounce_markdown(diagnosis, say) + "\n"
        case Form.JSON:
            from deliverkit.report.data import bounce_result, document, dumps

            command = "diagnose" if diagnosis.checks else "explain"
            return dumps(document(command, results=[bounce_result(diagnosis, say)])) + "\n"
        case Form.RECORDING:
            from deliverkit.net.record import document as recording

            return json.dumps(recording(answers), indent=1) + "\n"


def stem(subject: str) -> str:
    """A file name without suffix that any system takes."""
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", subject).strip(".-")[:80]
    return f"deliverkit-{safe}" if safe else "deliverkit-case"
