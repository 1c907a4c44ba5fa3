"""The official models of the cloud API, as tccli ships them, and what of a call they do not allow.

tccli itself leaves out what they do not know, without a word.
"""
import functools
import json
import pathlib

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "target" / "deploy" / "tools"
VERSIONS = {"cam": "2019-01-16", "scf": "2018-04-16"}

KINDS = {"bool": bool, "date": str, "datetime": str, "double": (int, float), "float": (int, float), "int64": int, "string": str,
         "uint64": int}


@functools.lru_cache
def of(service):
    """Actions and objects of a service."""
    version = "v" + VERSIONS[service].replace("-", "")
    [path] = TOOLS.glob(f"lib/python*/site-packages/tccli/services/{service}/{version}/api.json")
    return json.loads(path.read_text(encoding="utf-8"))


def mistakes(service, action, parameters):
    """What is wrong with the parameters of a call: `(code, sentence)` each."""
    model = of(service)
    if action not in model["actions"]:
        return [("InvalidAction", f"{service} has no action {action}")]
    return list(in_object(model, model["actions"][action]["input"], parameters, action))


def in_object(model, name, value, path):
    if not isinstance(value, dict):
        yield "InvalidParameter", f"{path} is no object"
        return
    members = {member["name"]: member for member in model["objects"][name]["members"]}
    for unknown in value.keys() - members.keys():
        yield "UnknownParameter", f"{path}.{unknown} is not known"
    for member in members.values():
        if member["required"] and member["name"] not in value:
            yield "MissingParameter", f"{path}.{member['name']} is missing"
    for given, content in value.items():
        if given in members:
            yield from in_member(model, members[given], content, f"{path}.{given}")


def in_member(model, member, value, path):
    if member["type"] == "list":
        if not isinstance(value, list):
            yield "InvalidParameter", f"{path} is no list"
            return
        for index, one in enumerate(value):
            yield from in_value(model, member["member"], one, f"{path}[{index}]")
    elif member["type"] == "object":
        yield from in_object(model, member["member"], value, path)
    else:
        yield from in_value(model, member["member"], value, path)


def in_value(model, kind, value, path):
    if kind in model["objects"]:
        yield from in_object(model, kind, value, path)
        return
    expected = KINDS[kind]
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        yield "InvalidParameter", f"{path} is no {kind}"
    elif kind == "uint64" and value < 0:
        yield "InvalidParameter", f"{path} is below 0"
