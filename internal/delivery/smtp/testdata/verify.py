# Verifies every DKIM signature of a message with dkimpy. In: {"message": text, "keys": {name: TXT record}}.
# Out: for each signature whether it is right, and the headers that it covers.
import json, sys
import dkim

ask = json.load(sys.stdin)
message = ask["message"].encode()
verifier = dkim.DKIM(message)
count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
answers = []
for i in range(count):
    v = dkim.DKIM(message)
    try:
        right = v.verify(idx=i, dnsfunc=lambda name, timeout=5: ask["keys"].get(name.decode().rstrip("."), "").encode())
    except dkim.DKIMException as e:
        right, v.signed_headers = False, [(str(e).encode(), b"")]
    answers.append({"right": bool(right), "covers": [n.decode().lower() for n, _ in v.signed_headers]})
json.dump(answers, sys.stdout)
