"""COS triggers as the cloud API describes them."""
import json

EVENTS = ("cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed")


def bucket_domain(trigger):
    """Name of a COS trigger: the domain of its bucket in the XML API."""
    return f"{trigger['bucket']}.cos.{trigger['region']}.myqcloud.com"


def trigger_desc(event, prefix, suffix=""):
    """TriggerDesc of a COS trigger: JSON text inside the JSON of the call."""
    return json.dumps({"event": event, "filter": {"Prefix": prefix, "Suffix": suffix}}, ensure_ascii=False,
                      separators=(",", ":"))


def read_trigger(listed):
    """Returns domain, event, prefix and suffix of a trigger that ListTriggers returned.

    Returns None for triggers of other types and for descriptions that cannot be read.
    """
    try:
        desc = json.loads(listed["TriggerDesc"])
        filters = desc.get("filter") or {}
        trigger = (listed["TriggerName"], desc["event"], filters.get("Prefix") or "", filters.get("Suffix") or "")
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return trigger if listed["Type"] == "cos" and all(isinstance(part, str) for part in trigger) else None


def delete_trigger(names, listed, trigger):
    """The call that deletes a listed trigger.

    All COS triggers of a bucket have one name; the description selects one of them.
    """
    name, event, prefix, suffix = trigger
    return "scf", "DeleteTrigger", names.function_parameters(
        Type="cos", TriggerName=name, TriggerDesc=trigger_desc(event, prefix, suffix),
        Qualifier=listed.get("Qualifier") or "$DEFAULT")
