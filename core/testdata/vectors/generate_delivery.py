"""Writes the vectors of delivery: what people write, what gateways answer and tell, what is due.

The expected values are written by hand from the gateways' documentation (`../fonnte`, `../cloud`) and from the duties of
the program; signatures are made by Python's own HMAC. Nothing here calls Dermawan. Run: python generate_delivery.py
"""

import datetime
import hashlib
import hmac
import json
import pathlib

HERE = pathlib.Path(__file__).parent
LICENCE = "MIT OR Apache-2.0"
DOCUMENTED = "the gateway's documentation, and what its clients observed"


def write(name, source, cases):
    document = {"function": name, "source": source, "licence": LICENCE, "tolerance": 0, "cases": cases}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def case(name, input, expected, options=None):
    return {"name": name, "input": input, "options": options or {}, "expected": expected}


def plain(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def numbers():
    same = ["0812-3456-7890", "81234567890", "+62 (812) 3456.7890", "0062 812 34567890", "62 0812 34567890",
            "6281234567890@c.us", "6281234567890:12@s.whatsapp.net", "\u202a+62 812-3456-7890\u202c"]
    others = {"+1 (212) 555-0100": "12125550100", "+31 6 12345678": "31612345678", "0812345678": "62812345678"}
    wrong = ["", "halo", "0812", "6281234567890@lid", "120363025246125486@g.us", "0812-3456-7890x", "021-555-0100",
             "+0812345678", "0812345678901234", "08123456789012345", "++6281234567890"]
    return ([case(f"as {text!a}", {"text": text}, "6281234567890") for text in same]
            + [case(f"as {text!a}", {"text": text}, number) for text, number in others.items()]
            + [case(f"not {text!a}", {"text": text}, {"error": "invalid_input"}) for text in wrong])


def senders():
    known = {"6281234567890": {"person": "6281234567890"}, "6281234567890:12@s.whatsapp.net": {"person": "6281234567890"},
             "819012345678": {"person": "819012345678"}, "6281234567890-1600000000@g.us": "group",
             "120363025246125486@g.us": "group", "status@broadcast": "broadcast", "1@newsletter": "broadcast",
             "6281234567890@lid": "unknown", "": "unknown", "Budi": "unknown"}
    return [case(name or "nobody", {"name": name}, expected) for name, expected in known.items()]


def answers(gateway):
    cases = []
    for row in json.loads((HERE.parent / gateway / "answers.json").read_text(encoding="utf-8")):
        body = row["body"] if isinstance(row["body"], str) else "" if row["body"] is None else plain(row["body"])
        expected = {"outcome": row["outcome"], "id": row.get("id"), "after": row.get("after")}
        if gateway == "fonnte":
            expected["quota"] = row.get("quota")
        if "reason" in row:
            expected["reason"] = row["reason"]
        what = row.get("what") or f"{row['status']} {body[:60]}"
        cases.append(case(f"{len(cases) + 1}: {what}", {"status": row["status"], "body": body}, expected))
    return cases


def fonnte_hooks():
    options = {"token": "t", "device": "081100000000", "webhook_secret": "rahasia"}
    refusals = {"Forged": "forged", "OtherDevice": "other_device", "Malformed": "malformed"}
    cases = []
    for row in json.loads((HERE.parent / "fonnte" / "hooks.json").read_text(encoding="utf-8")):
        if "refused" in row:
            expected = {"events": [], "refused": refusals[row["refused"]]}
        elif row["event"] == "none":
            expected = {"events": [], "refused": None}
        elif row["event"] == "message":
            sender = row["sender"]
            event = {"event": "message", "text": row["text"], "windowed": row["windowed"], "lid": row.get("lid"),
                     "sender": {"person": sender.removeprefix("person ")} if " " in sender else sender,
                     "written": utc(row["written"]) if "written" in row else None, "id": row.get("id")}
            if "key" in row:
                event["key"] = row["key"]
            expected = {"events": [event], "refused": None}
        elif row["event"] == "status":
            event = {"event": "status", "id": row.get("id"), "state_id": row.get("state_id"), "state": row["state"]}
            expected = {"events": [event], "refused": None}
        else:
            event = {"event": "device", "connected": row["connected"], "reason": row["reason"]}
            expected = {"events": [event], "refused": None}
        cases.append(case(row["what"], {"body": plain(row["body"]), "headers": {}}, expected, options))
    cases.append(case("no JSON", {"body": "<html>", "headers": {}}, {"events": [], "refused": "malformed"}, options))
    cases.append(case("options without a token", {"body": "{}", "headers": {}}, {"error": "configuration"}))
    return cases


CLOUD = {"phone_number_id": "123", "token": "t", "app_secret": "rahasia", "verify_token": "pilihan-kami"}


def cloud_hooks():
    def hook(phone, **more):
        value = {"messaging_product": "whatsapp",
                 "metadata": {"display_phone_number": "6281100000000", "phone_number_id": phone},
                 "contacts": [{"profile": {"name": "Budi"}, "wa_id": "6281234567889"}], **more}
        change = {"field": "messages", "value": value}
        return plain({"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": [change]}]})

    def typed(phone="123"):
        message = {"from": "6281234567889", "id": "wamid.A", "timestamp": "1767225600", "type": "text", "text": {"body": "INFO"}}
        return hook(phone, messages=[message])

    def signed(name, body, expected, secret="rahasia", header="X-Hub-Signature-256"):
        tag = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        return case(name, {"body": body, "headers": {header: f"sha256={tag}"}}, expected, CLOUD)

    message = {"event": "message", "sender": {"person": "6281234567889"}, "text": "INFO", "id": "wamid.A",
               "written": utc(1767225600), "windowed": False}
    read = hook("123", statuses=[{"id": "wamid.B", "status": "read", "timestamp": "1767225600", "recipient_id": "6281234567889"}])
    refused = lambda why: {"events": [], "refused": why}
    return [
        signed("a message", typed(), {"events": [message], "refused": None}),
        signed("the header in lower case", typed(), {"events": [message], "refused": None}, header="x-hub-signature-256"),
        signed("a status", read, {"events": [{"event": "status", "id": "wamid.B", "state": "read"}], "refused": None}),
        signed("another secret", typed(), refused("forged"), secret="rahasi"),
        case("no signature", {"body": typed(), "headers": {}}, refused("forged"), CLOUD),
        case("half a signature", {"body": typed(), "headers": {"x-hub-signature-256": "sha256=00"}}, refused("forged"), CLOUD),
        signed("another number of ours", typed("124"), refused("other_device")),
        signed("no JSON", "test", refused("malformed")),
    ]


def challenges():
    def asked(name, mode, token, challenge, expected, options=CLOUD):
        return case(name, {"mode": mode, "token": token, "challenge": challenge}, expected, options)

    return [
        asked("ours", "subscribe", "pilihan-kami", "1158201444", "1158201444"),
        asked("another token", "subscribe", "pilihan", "1158201444", None),
        asked("another question", "unsubscribe", "pilihan-kami", "1158201444", None),
        asked("a script", "subscribe", "pilihan-kami", "<script>", None),
        asked("no secret", "subscribe", "pilihan-kami", "1", {"error": "configuration"}, CLOUD | {"app_secret": ""}),
    ]


def run(job, period, state, attempts, at):
    return {"job": job, "period": period, "state": state, "attempts": attempts, "at": at}


def schedules():
    """Jakarta is seven hours ahead of UTC."""
    quiet = {"brief": False, "alerts": False}
    done = [run(job, "2026-09-01", "done", 1, "2026-08-31T18:00:00Z") for job in ("load", "tidy")]
    report = quiet | {"report": True, "report_test": False}
    due = lambda *jobs: [{"job": job, "period": period} for job, period in jobs]
    at = lambda now, past=(): {"now": now, "past": list(past)}
    failed = [*done, run("report", "2026-08", "failed", 1, "2026-09-01T01:00:00Z")]
    return [
        case("before one at night", at("2026-08-31T17:59:59Z"), [], quiet),
        case("one at night", at("2026-08-31T18:00:00Z"), due(("load", "2026-09-01"), ("tidy", "2026-09-01")), quiet),
        case("all done", at("2026-09-01T00:30:00Z", done), [], quiet),
        case("eight on the first", at("2026-09-01T01:00:00Z", done), due(("report", "2026-08")), report),
        case("a second before eight", at("2026-09-01T00:59:59Z", done), [], report),
        case("a trial does not use up the month", at("2026-09-01T01:00:00Z", done), due(("report", "2026-08 test")),
             quiet | {"report": True}),
        case("the month is done", at("2026-09-01T02:00:00Z", [*done, run("report", "2026-08", "done", 1, "2026-09-01T01:00:00Z")]), [], report),
        case("failed a moment ago", at("2026-09-01T01:04:59Z", failed), [], report),
        case("failed five minutes ago", at("2026-09-01T01:05:00Z", failed), due(("report", "2026-08")), report),
        case("the brief on Monday, alerts daily", at("2026-09-07T00:00:00Z", [run(j, "2026-09-07", "done", 1, "2026-09-06T18:00:00Z") for j in ("load", "tidy")]),
             due(("alerts", "2026-09-07"), ("brief", "2026-09-07"))),
        case("a clock that is not set", at("1970-01-01T18:00:00Z"), [], quiet),
        case("the zone counts", {"now": "2026-09-01T01:00:00Z", "past": [run(j, "2026-09-01", "done", 1, "2026-09-01T00:00:00Z") for j in ("load", "tidy")],
             "time_zone": "Europe/Amsterdam"}, [], report),
        case("no such zone", {"now": "2026-09-01T01:00:00Z", "past": [], "time_zone": "Mars/Olympus"}, {"error": "invalid_input"}),
        case("no such plan", at("2026-09-01T01:00:00Z"), {"error": "configuration"}, {"report_day": 31}),
    ]


def missed():
    july = run("report", "2026-07", "done", 1, "2026-08-01T01:00:00Z")
    august = run("report", "2026-08", "done", 1, "2026-09-01T01:00:00Z")
    plan = {"report": True, "report_test": False}
    asked = lambda name, past, expected, plan=plan: case(name, {"now": "2026-09-02T01:00:00Z", "past": past}, expected, plan)
    return [
        asked("missed", [july], "2026-08"),
        asked("sent", [july, august], None),
        asked("never begun", [], None),
        asked("switched off", [july], None, {}),
    ]


write("parse_number", "ITU-T E.164, and Indonesian numbers as people write them", numbers())
write("read_sender", "WhatsApp's names of persons, groups, broadcasts and hidden identities", senders())
write("fonnte_answer", DOCUMENTED, answers("fonnte"))
write("fonnte_webhook", DOCUMENTED, fonnte_hooks())
write("cloud_answer", DOCUMENTED, answers("cloud"))
write("cloud_webhook", DOCUMENTED + "; HMAC-SHA-256 by Python", cloud_hooks())
write("cloud_challenge", DOCUMENTED, challenges())
write("due", "the program's duties, by the calendar and the zone", schedules())
write("missed_report", "the program's duties", missed())
