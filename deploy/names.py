"""What the parts of a deployment are called, and how they are told to be ours."""
import argparse
import json
import os
import re

# The description of a function may hold letters, digits, spaces, commas and full stops (CreateFunction), no hyphen.
MADE = "Made by scripts deploy of cos thumbnailer"
EVENTS = ("cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed")
# The codes of what is not there.
NO_FUNCTION = ("ResourceNotFound.Function",)
NO_ROLE = ("InvalidParameter.RoleNotExist",)

DEFAULTS = {"function": "cos-thumbnailer", "namespace": "default"}


class Wrong(Exception):
    """A sentence about what the user asked for."""


class Names:
    """The names of one deployment.

    Roles and policies belong to the account and not to a region, so their common name tells the region, the namespace
    unless it is the default, and the function.
    """

    def __init__(self, region, function, namespace, role=None):
        if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", region or ""):
            raise Wrong("the region is missing or none: name it with --region, as in --region ap-guangzhou")
        for what, name in (("function", function), ("namespace", namespace)):
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]", name):
                raise Wrong(f"{name!r} is no name of a {what}: 2 to 60 letters, digits, hyphens and underscores, a letter "
                            "first, a letter or digit last")
        parts = [function, region] + ([namespace] if namespace != DEFAULTS["namespace"] else [])
        self.region, self.function, self.namespace = region, function, namespace
        self.role = role or "-".join(parts)
        if not re.fullmatch(r"[A-Za-z0-9+=,.@_-]{1,128}", self.role):
            raise Wrong(f"{self.role!r} is no name of a role: 1 to 128 letters, digits and +=,.@-_")
        # One for each: a policy that two functions share would have the rights of the last one deployed.
        self.policy = self.role

    def owner(self):
        """The description of role and policy, which tells whose they are."""
        return f"{MADE} for function {self.function}, namespace {self.namespace}, region {self.region}"

    def described(self, digest):
        """The description of the function with this code.

        GetFunction tells no hash of the code, and a size (CodeSize) does not tell two programs apart. So the hash stands
        here, where it is written after the code: a deployment that broke off in between uploads it again.
        """
        return f"{MADE}, code sha256 {digest}"

    def of_function(self, **more):
        """The parameters of a call about the function."""
        return {"FunctionName": self.function, "Namespace": self.namespace, **more}


def common_options(parser):
    """The options that name a deployment."""
    parser.add_argument("--region", default=os.environ.get("TENCENTCLOUD_REGION"),
                        help="of function and buckets, such as ap-guangzhou (default: TENCENTCLOUD_REGION)")
    parser.add_argument("--function", metavar="NAME", default=DEFAULTS["function"], help="default: %(default)s")
    parser.add_argument("--namespace", metavar="NAME", default=DEFAULTS["namespace"],
                        help="of the function; it must exist (default: %(default)s)")
    parser.add_argument("--role", metavar="NAME", help="of role and policy (default: <function>-<region>)")
    parser.add_argument("--apply", action="store_true", help="do it; without, only print the calls")


def parser_of(text):
    return argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)


def trigger_of(listed):
    """Domain, event, prefix and suffix of a trigger as ListTriggers tells it; None for one that is not COS's, or not to be
    understood."""
    try:
        desc = json.loads(listed["TriggerDesc"])
        filters = desc.get("filter") or {}
        trigger = (listed["TriggerName"], desc["event"], filters.get("Prefix") or "", filters.get("Suffix") or "")
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return trigger if listed["Type"] == "cos" and all(isinstance(part, str) for part in trigger) else None


def trigger_desc(event, prefix, suffix=""):
    """How calls describe a COS trigger: a JSON text within the JSON."""
    return json.dumps({"event": event, "filter": {"Prefix": prefix, "Suffix": suffix}}, ensure_ascii=False,
                      separators=(",", ":"))
