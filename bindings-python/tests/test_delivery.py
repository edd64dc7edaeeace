"""From a webhook to a gateway and back, over real files and a real HTTP server."""

import datetime
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import dermawan
import pytest

NOW = datetime.datetime(2026, 1, 20, 10, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=7)))
AS_OF = "2026-01-20"
NUMBER = "6281234567890"
KEY = bytes(range(32))
OPTIONS = {"gap": {"min_ms": 0, "max_ms": 0}, "recipient_gap_ms": 0}


def later(**time):
    return NOW + datetime.timedelta(**time)


def draft(key="laporan:2026-01:1", **more):
    return {"key": key, "lane": "fonnte", "to": "0812-3456-7890", "text": "Halo *Pak Budi*! 🙏", **more}


@pytest.fixture
def gateway():
    """A gateway as Fonnte's: keeps the forms it was sent, and answers what is planned."""
    sent, planned = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            sent.append((self.path, {key: value[0] for key, value in form.items()}))
            accepted = {"status": True, "id": [str(len(sent))], "device_status": "connect", "quota": "5"}
            body = json.dumps(planned.pop(0) if planned else accepted).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = {"token": "rahasia-token", "base_url": f"http://127.0.0.1:{server.server_port}", "device": "6281100000000", "webhook_secret": "rahasia"}
    yield dermawan.Transport.fonnte(options), sent, planned
    server.shutdown()
    server.server_close()


def test_a_worker_empties_the_outbox(tmp_path, gateway):
    transport, sent, planned = gateway
    outbox = dermawan.Outbox.open(tmp_path / "delivery.db")
    worker = dermawan.Worker("fonnte", "here", OPTIONS)
    assert outbox.put([draft(), draft()], NOW) == {"added": 1, "present": 1, "opted_out": 0}
    assert outbox.put([draft("reply:1", priority="reply", text="Baik.")], NOW)["added"] == 1
    assert worker.start(outbox, NOW) == {"queued": 0, "unknown": 0, "again": 0}

    # The reply overtakes, and is solicited, at any hour.
    step = worker.step(outbox, transport, NOW, secrets.randbits(64))
    assert (step["step"], step["key"], step["stage"]) == ("sent", "reply:1", "accepted")
    planned.append({"status": False, "reason": "insufficient quota"})
    assert worker.step(outbox, transport, later(minutes=1), 2)["answer"] == "pause_quota"
    (lane,) = outbox.lanes()
    assert lane["halt"]["kind"] == "quota"
    assert worker.step(outbox, transport, later(minutes=2), 3)["step"] == "paused"
    assert outbox.resume("fonnte") is True
    assert worker.step(outbox, transport, later(minutes=3), 4)["stage"] == "accepted"
    assert worker.step(outbox, transport, later(minutes=4), 5) == {"step": "idle", "until": None}
    assert [form["target"] for _, form in sent] == [NUMBER] * 3
    assert sent[2][1]["message"] == "Halo *Pak Budi*! 🙏"

    entry = outbox.find("laporan:2026-01:1")
    assert (entry["to"], entry["gateway_id"]) == ("62812****90", "3")
    read = transport.parse(json.dumps({"id": "3", "state": "read", "secret": "rahasia"}).encode())
    (event,) = read["events"]
    assert outbox.status({key: event[key] for key in ("id", "state_id", "state")}, later(minutes=5)) is True
    assert outbox.list({"delivery": "read"}) == [outbox.find("laporan:2026-01:1")]
    assert transport.health() == {"connected": True, "quota": 5, "detail": "plan "} or transport.health()["connected"]
    assert transport.send({"key": "k", "to": "+12125550100", "text": "x"})["outcome"] == "accepted"


def test_a_host_sends_by_itself():
    outbox, worker = dermawan.Outbox.in_memory(), dermawan.Worker("fonnte", "host", OPTIONS)
    outbox.put([draft(f"k{i}") for i in range(3)], NOW)
    answers = {
        b'{"status":true,"id":["80367170"]}': "accepted",
        b'{"status":false,"reason":"target invalid"}': "dead",
        b"<html>": "unknown",
    }
    for i, (body, stage) in enumerate(answers.items()):
        now = later(minutes=i)
        leased = worker.lease(outbox, now, secrets.randbits(64))["message"]
        assert leased["envelope"]["to"] == NUMBER
        assert outbox.mark_sending(leased["ticket"], now) is True
        assert worker.settle(outbox, leased, dermawan.fonnte_answer(200, body), now, i) == stage
    assert worker.lease(outbox, later(hours=1), 9) == {"wait": None}
    counts = outbox.counts()
    assert (counts["accepted"], counts["dead"], counts["unknown"]) == (1, 1, 1)

    (unknown,) = outbox.list({"stage": "unknown"})
    assert outbox.text(unknown["id"]) == "Halo *Pak Budi*! 🙏"
    assert outbox.decide(unknown["id"], "retry", NOW)["stage"] == "queued"
    assert outbox.decide(unknown["id"], "discard", NOW)["stage"] == "dead"
    with pytest.raises(dermawan.InvalidInput):
        outbox.decide(unknown["id"], "sent", NOW)
    with pytest.raises(dermawan.NotFound):
        outbox.decide(10**6, "retry", NOW)
    with pytest.raises(dermawan.InvalidInput, match="outcome"):
        worker.settle(outbox, leased, {"outcome": "lost"}, NOW, 1)


def test_gateways_in_the_test_mode_and_at_a_pace(gateway):
    transport, sent, planned = gateway
    mine, other = {"key": "a", "to": NUMBER, "text": "x"}, {"key": "b", "to": "+12125550100", "text": "x"}
    dry = transport.dry_run(["0812-3456-7890"])
    assert dry.send(other) == {"outcome": "accepted", "id": "dry-run-1", "quota": None, "after": None, "reason": None}
    assert (dry.held, transport.held, len(sent)) == (1, None, 0)
    assert dry.send(mine)["id"] == "1" and len(sent) == 1
    assert transport.dry_run().send(mine)["id"] == "dry-run-1" and len(sent) == 1
    with pytest.raises(dermawan.InvalidInput, match="number"):
        transport.dry_run(["saya"])

    paced = transport.throttle(0.2, 0.3, 7)
    begin = time.monotonic()
    assert [paced.send(mine)["outcome"] for _ in range(3)] == ["accepted"] * 3
    assert time.monotonic() - begin >= 0.4
    for least, most in [(2, 1), (-1, 1), (0, float("nan")), (0, 4000)]:
        with pytest.raises(dermawan.InvalidInput, match="throttle"):
            transport.throttle(least, most, 7)

    planned.append({"status": True, "registered": [NUMBER], "not_registered": ["12125550100"]})
    asked = paced.dry_run().validate(["081234567890", "+1 212 555 0100", "0857 0000 0009"])
    assert asked == {"registered": [NUMBER], "not_registered": ["12125550100"], "unanswered": ["6285700000009"]}
    assert sent[-1] == ("/validate", {"target": f"{NUMBER},12125550100,6285700000009", "countryCode": sent[-1][1]["countryCode"]})
    planned.append({"status": False, "reason": "token invalid"})
    assert transport.validate([NUMBER])["outcome"] == "stop"
    with pytest.raises(dermawan.InvalidInput, match="WhatsApp"):
        dermawan.Transport.console().validate([NUMBER])


def test_a_lane_halts_and_a_person_opts_out():
    outbox, worker = dermawan.Outbox.in_memory(), dermawan.Worker("fonnte", "w", OPTIONS)
    outbox.put([draft(batch="laporan:2026-01")], NOW)
    outbox.halt("fonnte", {"kind": "command", "reason": "holiday", "since": NOW, "probe_at": None})
    assert worker.lease(outbox, NOW, 1)["halted"]["lane"] == "fonnte"
    assert outbox.resume("fonnte", "device") is False and outbox.resume("fonnte", "command") is True
    assert outbox.batches()[0]["counts"]["queued"] == 1
    assert (outbox.transfer("fonnte", "cloud"), outbox.transfer("cloud", "fonnte")) == (1, 1)
    assert outbox.opt_out(NUMBER, NOW) == 1
    assert outbox.opted_out(NUMBER) == "2026-01-20T03:00:00Z"
    assert outbox.put([draft("k2")], NOW)["opted_out"] == 1
    assert outbox.opt_in(NUMBER) is True
    assert outbox.erase({"number": NUMBER}, NOW) == 1
    pruned = outbox.prune({"persons_before": later(days=1), "messages_before": later(days=1)})
    assert pruned["removed"] == 1 and outbox.counts()["dead"] == 0


def test_a_file_is_shared_with_other_processes_and_with_pythons_own_sqlite(tmp_path):
    path = tmp_path / "delivery.db"
    outbox = dermawan.Outbox.open(path)
    register = dermawan.Register.open(path, KEY)
    script = (
        "import dermawan, sys; o = dermawan.Outbox.open(sys.argv[1]); "
        "print(o.put([{'key': f'there:{i}', 'lane': 'fonnte', 'to': '081234567890', 'text': 'x'} for i in range(500)], '2026-01-20T03:00:00Z'))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True)
    for i in range(500):
        outbox.put([draft(f"here:{i}")], NOW)
    assert "'added': 500" in process.communicate(timeout=60)[0] and process.returncode == 0
    register.verify(NUMBER, 1, NOW)

    # Two SQLites in one process: ours inside the package, and Python's.
    with sqlite3.connect(tmp_path / "other.db") as theirs:
        theirs.execute("CREATE TABLE t (a)")
        theirs.executemany("INSERT INTO t VALUES (?)", [(i,) for i in range(1000)])
        assert outbox.counts()["queued"] == 1000
        assert theirs.execute("SELECT sum(a) FROM t").fetchone() == (499_500,)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as theirs:
        assert theirs.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert outbox.put([draft("after")], NOW)["added"] == 1
    assert dermawan.Register.open(path, KEY).standing(NUMBER)["verified"]["donor"] == 1


def test_what_came_in_is_kept_once(tmp_path, gateway):
    transport, *_ = gateway
    inbox = dermawan.Inbox.open(tmp_path / "delivery.db")
    body = {"device": "6281100000000", "sender": NUMBER, "message": "INFO", "timestamp": 1767225600, "secret": "rahasia"}
    (event,) = transport.parse(json.dumps(body).encode(), {"Content-Type": "application/json"})["events"]
    keep = {"keep": {"event": event, "now": NOW}}
    assert inbox.commit([keep, keep]) == ["new", "known"]
    assert transport.parse(b"{}") == {"events": [], "refused": "forged"}
    (letter,) = inbox.pending()
    assert (letter["from"], letter["event"]["text"], inbox.backlog()) == (NUMBER, "INFO", 1)
    session = {"hinted": True, "thanked": False}
    assert inbox.commit([{"settle": {"seq": letter["seq"], "outcome": "answered", "session": [NUMBER, session], "now": NOW}}]) == ["new"]
    assert inbox.pending() == [] and inbox.session(NUMBER) == session
    assert inbox.prune(later(days=1)) == 1 and inbox.erase(NUMBER) == 0
    with pytest.raises(dermawan.InvalidInput):
        inbox.commit([{"forget": {}}])


def test_a_month_is_done_once(tmp_path):
    runs = dermawan.Runs.open(tmp_path / "delivery.db")
    plan = {"report": True, "report_test": False, "brief": False, "alerts": False}
    first = datetime.datetime(2026, 2, 1, 8, 0, tzinfo=NOW.tzinfo)
    todo = [(job["job"], job["period"]) for job in dermawan.due(first, runs.past(), plan)]
    assert todo == [("load", "2026-02-01"), ("report", "2026-01"), ("tidy", "2026-02-01")]
    for job, period in todo:
        assert runs.begin(job, period, first) is True
        runs.end(job, period, True, first)
    assert runs.begin("report", "2026-01", first) is False
    assert runs.begin("brief", "2026-02-02", first) is True
    runs.postpone("brief", "2026-02-02", first)
    waiting = next(run for run in runs.past() if run["job"] == "brief")
    assert (waiting["state"], waiting["attempts"]) == ("waiting", 0)
    assert dermawan.due(first, dermawan.Runs.open(tmp_path / "delivery.db").past(), plan) == []
    runs.prune(later(days=400))
    assert [run["job"] for run in runs.past()] == ["report"]
    assert dermawan.missed_report(later(days=43), runs.past(), plan) == "2026-02"


@pytest.fixture(scope="module")
def sample():
    with dermawan.Analytics.in_memory({"thanks": {"enabled": True}}) as analytics:
        analytics.load_sample()
        yield analytics


def said(sample, register, text, sender=NUMBER, session=None, now=NOW, random=0):
    turn = {"sender": sender, "text": text, "now": now, "as_of": AS_OF, "random": random}
    return sample.converse(register, turn | ({"session": session} if session else {}))


@pytest.mark.parametrize("where", ["file", "memory"])
def test_a_conversation(sample, tmp_path, where):
    register = dermawan.Register.open(tmp_path / "r.db", KEY) if where == "file" else dermawan.Register.in_memory(KEY)
    register.verify(NUMBER, 1, NOW)
    spoken = said(sample, register, "INFO")
    assert "Rp 6.000.000" in spoken["answer"]["reply"] and spoken["to"] == NUMBER
    assert [note["purpose"] for note in register.processing(1)] == ["answer"]

    # Another telephone asks; the code goes to the number on file, and is said by the other one.
    other = "6281999888777"
    spoken = said(sample, register, f"DAFTAR {NUMBER}", other, random=1_000_042)
    (owed,) = spoken["owed"]
    assert owed["to"] == NUMBER and "000042" in owed["text"]
    assert register.standing(other)["verified"] is None
    said(sample, register, "000041", other)
    said(sample, register, "000042", other)
    assert register.standing(other)["verified"]["how"] == "other_number"
    assert {verified["number"] for verified in register.numbers(1)} == {NUMBER, other}
    (consent,) = register.consents(other)
    assert consent["given"] and register.consent_text(consent["version"])
    register.consent(consent | {"given": False, "at": later(minutes=1)}, register.consent_text(consent["version"]))
    assert [note["given"] for note in register.consents(other)] == [True, False]

    assert said(sample, register, "BERHENTI")["deeds"] == [{"opt_out": NUMBER}]
    assert register.standing(NUMBER)["opted_out"] is not None
    assert 1 not in [donor for donor, _ in sample.recipients(register)], "who stops on one number is left alone on all"
    late = sample.converse(
        register,
        {"sender": NUMBER, "text": "MULAI", "written": later(minutes=-5), "now": NOW, "as_of": AS_OF, "random": 123456},
    )
    assert late["answer"]["reply"] is None and late["deeds"] == [], "it was overtaken"
    assert register.opt_out(NUMBER, NOW, out=False) is True
    assert 1 in [donor for donor, _ in sample.recipients(register)]

    asked = said(sample, register, "HAPUS DATA")
    said(sample, register, "YA", session=asked["answer"]["session"])
    (wish,) = register.erasures()
    assert wish["confirmed"] is not None
    notices = sample.erasure_notices(register, wish["id"])
    assert register.erased([1, 2]) == [] and sample.status(AS_OF)["erasures"] == 0
    told = sample.complete_erasure(register, wish["id"], NOW)
    assert told == notices and {message["to"] for message in told} == {NUMBER, other}
    assert register.erased([1, 2]) == [1] and sample.donor_of(register, NUMBER) is None
    assert register.numbers(1) == [] and register.standing(NUMBER)["erased"] is not None


def test_thanks_and_greetings(sample):
    register, outbox = dermawan.Register.in_memory(KEY), dermawan.Outbox.in_memory()
    owed = sample.thanks_owed(register, AS_OF)
    assert owed
    for thanks in owed:
        message = thanks["message"] | {"lane": "fonnte", "priority": "thanks", "donor": thanks["donor"]}
        assert outbox.put([message], NOW)["added"] == 1
        sample.note_thanks(register, thanks, NOW)
    assert sample.thanks_owed(register, AS_OF) == []
    gifts = [gift for thanks in owed for gift in thanks["gifts"]]
    assert register.unthanked([*(gift["donation"] for gift in gifts), 10**9]) == [10**9]
    assert register.thanks([gifts[0]["donor"]], "2020-01-01")[0] in gifts
    register.thanked([{"donation": 10**9, "donor": 1, "date": "2026-01-19"}], NOW)
    assert register.unthanked([10**9]) == []
    assert register.thanks([1], "2026-01-19")[-1] == {"donation": 10**9, "donor": 1, "date": "2026-01-19"}

    drafted = sample.draft_greetings(register, AS_OF, NOW)
    assert drafted["total"] == len(register.greetings("drafted")) > 1
    first, second = [number for number, _ in drafted["greetings"][:2]]
    assert [greeting["id"] for greeting in register.settle([first], "approved", NOW)] == [first]
    register.settle([second], "rejected", NOW)
    ((greeting, message),) = sample.greetings_owed(register, AS_OF)
    assert greeting["id"] == first
    outbox.put([message | {"lane": "fonnte", "priority": "care"}], NOW)
    assert [sent["state"] for sent in register.settle([first], "sent", NOW)] == ["sent"]
    assert sample.greetings_owed(register, AS_OF) == []
    assert sample.withdraw_greetings(register, AS_OF, NOW) == []
    (other, *_) = register.greetings("drafted")
    assert [gone["state"] for gone in register.settle([other["id"]], "withdrawn", NOW)] == ["withdrawn"]
    assert isinstance(sample.care_outcome(register, AS_OF), dict)
    assert len(sample.risks(AS_OF)["donors"]) > 0 and sample.status(AS_OF) and len(sample.quarantine(1)) == 1


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda box: box.opt_out("0857999x", NOW), dermawan.InvalidInput),
        (lambda box: box.put([draft(to="0857999x")], NOW), dermawan.InvalidInput),
        (lambda box: box.put([draft(to=81234567890)], NOW), dermawan.InvalidInput),
        (lambda box: box.put([draft(colour="red")], NOW), dermawan.InvalidInput),
        (lambda box: box.put([draft(key="")], NOW), dermawan.InvalidInput),
        (lambda box: box.put([draft()], datetime.datetime(2026, 1, 20, 10)), dermawan.InvalidInput),
        (lambda box: box.list({"stage": "lost"}), dermawan.InvalidInput),
        (lambda box: dermawan.Outbox.open("/nowhere/o.db"), dermawan.FileError),
        (lambda box: dermawan.Register.in_memory(b"short"), dermawan.InvalidInput),
        (lambda box: dermawan.Register.in_memory(KEY, {"attempts": 0}), dermawan.ConfigurationError),
        (lambda box: dermawan.Transport.fonnte({"token": ""}), dermawan.ConfigurationError),
        (lambda box: dermawan.Worker("", "w"), dermawan.InvalidInput),
        (lambda box: dermawan.Worker("l", "w", None, "Mars/Olympus"), dermawan.InvalidInput),
    ],
)
def test_errors_have_their_kind_and_no_number(call, kind):
    with pytest.raises(kind) as raised:
        call(dermawan.Outbox.in_memory())
    assert raised.value.code == kind.code
    assert "0857999" not in str(raised.value) and "81234567890" not in str(raised.value) and "Halo" not in str(raised.value)


def test_an_outbox_file_that_is_none(tmp_path):
    (tmp_path / "o.db").write_bytes(os.urandom(8192))
    with pytest.raises(dermawan.StoreDamaged):
        dermawan.Outbox.open(tmp_path / "o.db")
