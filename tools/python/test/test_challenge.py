# SPDX-License-Identifier: Apache-2.0
import pathlib

import kernels
import pytest

import exactbn

FEW = {"cases": 4, "large": 8192, "dtype": "f32"}


def test_a_sound_function_gets_full_marks():
    found = exactbn.challenge(kernels.forward, **FEW)
    assert found, found.text
    assert found.score == 1 and found.verdict == "full marks"
    assert found.json["schema"] == "exactbn/challenge/1"
    assert found.text.startswith(f"COMMITTED  sha256 {found.commitment}\n")
    assert f" {found.seed} {found.json['nonce']}" in found.text
    assert found.seed != exactbn.challenge(kernels.forward, **FEW).seed


def test_a_wrong_function_gets_less():
    found = exactbn.challenge(kernels.epsilon_outside, seed=2**63, **FEW)
    assert not found and found.exit_code == 1 and found.seed == 2**63
    assert found.score < 0.5 and found.verdict == "not full marks"
    assert "NO CREDIT  epsilon of forward_training f32" in found.text


def by_address(q, answers={}):
    key = q.x.ctypes.data, q.shape
    if key not in answers:
        answers[key] = kernels.forward(q)
    return answers[key]


def by_shape(q, answers={}):
    if q.shape not in answers:
        answers[q.shape] = kernels.forward(q)
    return answers[q.shape]


def of_the_last_x(q, seen=[None]):
    # An object that it keeps is not what it was.
    last, seen[0] = seen[0], q
    y = kernels.forward(q)
    if last is not None and last.shape == q.shape:
        y = kernels.forward(last)
    return y


def every_20th(q, calls=[0]):
    calls[0] += 1
    return {k: v * 0 if calls[0] % 20 == 0 else v
            for k, v in kernels.forward(q).items()}


def writes(q):
    y = kernels.forward(q)
    q.x[...] = 0
    return y


for hack in (by_address, by_shape, of_the_last_x, every_20th, writes):
    hack.exactbn_declaration = kernels.forward.exactbn_declaration


@pytest.mark.parametrize("hack, verdict", [
    (by_address, None), (by_shape, None), (of_the_last_x, None),
    (every_20th, "disqualified"), (writes, "disqualified")])
def test_hacks_are_caught(hack, verdict):
    found = exactbn.challenge(hack, **FEW)
    assert not found and found.score < 1, found.text
    assert verdict in (None, found.verdict), found.text
    assert exactbn.verify_transcript(found.transcript)


def test_the_message_for_a_written_input():
    found = exactbn.challenge(writes, seed=1, **FEW)
    assert "it wrote to its input x" in found.text


def test_in_another_process_a_failure_is_asked_again():
    found = exactbn.challenge(by_shape, isolated=True, **FEW)
    assert found.score == 0 and found.verdict == "disqualified"


def test_a_transcript_is_verified(tmp_path):
    file = tmp_path / "t.jsonl"
    found = exactbn.challenge(kernels.forward, seed=7, transcript=file, **FEW)
    assert file.read_text() == found.transcript
    proof = exactbn.verify_transcript(pathlib.Path(file))
    assert proof and proof.json["verified"] and proof.json["score"] == 1
    forged = found.transcript.replace('"score":1.0', '"score":0.9')
    proof = exactbn.verify_transcript(forged)
    assert not proof and "NOT VERIFIED" in proof.text
    with pytest.raises(ValueError, match="not a line of a transcript"):
        exactbn.verify_transcript("x\n")
    with pytest.raises(TypeError, match="transcript: an int, expected"):
        exactbn.verify_transcript(3)


@pytest.mark.parametrize("call, kind, text", [
    ({"seed": -1}, ValueError, "seed: '-1' is not an integer"),
    ({"family": "none"}, ValueError, "family: unknown family 'none'"),
    ({"rank": [1]}, ValueError, "rank: '1' is not an integer in"),
    ({"filter": "x"}, TypeError, "filter: unknown; challenge takes"),
])
def test_bad_calls(call, kind, text):
    with pytest.raises(kind, match=text):
        exactbn.challenge(kernels.forward, **call)


def test_a_command_line_that_does_not_start():
    found = exactbn.challenge("exit 5")
    assert found.exit_code == 3 and found.score == 0
    assert found.transcript is None and "exited" in found.messages
