"""Comparison of CAM policies. The service returns a policy in another notation than it received."""
import json
import urllib.parse


def is_equivalent(text, document):
    """Returns whether the policy text of a response means the same as `document`."""
    return normalized(parse(text)) == normalized(document)


def normalized(document):
    """Returns a policy as a value that compares equal for every notation of it.

    A list of one equals its member, lists have no order, member names no case, and "sts:AssumeRole" is
    "name/sts:AssumeRole".
    """
    if isinstance(document, dict):
        return tuple(sorted((name.lower(), normalized(value)) for name, value in document.items()))
    if isinstance(document, list):
        members = sorted((normalized(value) for value in document), key=repr)
        return members[0] if len(members) == 1 else tuple(members)
    return document.removeprefix("name/") if isinstance(document, str) else document


def parse(text):
    """Reads a policy, which some responses percent-encode. Unreadable text gives a policy without statements."""
    try:
        return json.loads(text)
    except ValueError:
        try:
            return json.loads(urllib.parse.unquote(text))
        except ValueError:
            return {"version": "2.0", "statement": []}


def union(text, document):
    """Returns `document` with the further statements of the policy text of a response."""
    former = parse(text)["statement"]
    return {**document, "statement": document["statement"] + [one for one in former if one not in document["statement"]]}
