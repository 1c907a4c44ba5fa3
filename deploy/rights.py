"""Policies as values: the service writes them otherwise than it was told."""
import json
import urllib.parse


def is_same(text, document):
    """Whether the text of an answer is this policy."""
    return normal(document_of(text)) == normal(document)


def normal(document):
    """A policy as a value that does not tell lists of one from what is in them, nor their order, nor how an action or the
    members are spelt ("sts:AssumeRole" is "name/sts:AssumeRole")."""
    if isinstance(document, dict):
        return tuple(sorted((name.lower(), normal(value)) for name, value in document.items()))
    if isinstance(document, list):
        members = sorted((normal(value) for value in document), key=repr)
        return members[0] if len(members) == 1 else tuple(members)
    return document.removeprefix("name/") if isinstance(document, str) else document


def document_of(text):
    """A policy from its text, which some answers percent-encode."""
    try:
        return json.loads(text)
    except ValueError:
        try:
            return json.loads(urllib.parse.unquote(text))
        except ValueError:
            return {"version": "2.0", "statement": []}


def both(text, document):
    """The rights of two policies."""
    former = document_of(text)["statement"]
    return {**document, "statement": document["statement"] + [one for one in former if one not in document["statement"]]}
