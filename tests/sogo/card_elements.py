"""Which elements of a contact SOGo does not give back, by what one mount was seen to send and another to get: texts that a
trace shows, and the length of those that it does not."""
import collections
import os
import re
import xml.etree.ElementTree

from harness import read

SYNC = "{AirSync}"


def street(text):
    first, *others = text.split("\n")
    return "\n".join([first] + ([" ".join(others)] if others else []))


# What SOGo has no property for in its cards: it drops these.
DROPPED = {
    "Anniversary", "AssistantName", "Business2PhoneNumber", "Children", "CustomerId", "Home2PhoneNumber", "HomeFaxNumber",
    "ManagerName", "OfficeLocation", "Spouse", "YomiFirstName", "YomiLastName",
}
# element: (how SOGo rewrites it, the same)
REWRITTEN = {
    "BusinessAddressStreet": ("joins the second line and those after it by blanks", street),
    "HomeAddressStreet": ("joins the second line and those after it by blanks", street),
    "Birthday": ("tells the day's midnight", lambda text: text[:10] + "T00:00:00.000Z"),
    "Email1Address": ("drops the name from an address", lambda text: re.sub(r".*<(.*)>", r"\1", text)),
}


def flat(element):
    """What an element says, in one text; of a Body its Data."""
    if not len(element):
        return (element.text or "").strip()
    return "".join(flat(child) for child in element if not child.tag.endswith(("}Type", "}EstimatedDataSize")))


def adds(trace):
    """(ClientId or ServerId, ServerId or None, {element: text} or None) of every Add in a trace."""
    for name in sorted(os.listdir(trace)):
        if not name.endswith(".xml"):
            continue
        text = re.sub(rb"<!--.*?-->", b"", read(os.path.join(trace, name)), flags=re.S)
        for add in xml.etree.ElementTree.fromstring(text).iter(SYNC + "Add"):
            data = add.find(SYNC + "ApplicationData")
            yield (add.findtext(SYNC + "ClientId"), add.findtext(SYNC + "ServerId"),
                   {child.tag.split("}")[1]: flat(child) for child in data} if data is not None else None)


class Elements:
    """By the traces of a mount that added contacts and of one that read them anew."""

    def __init__(self, up, down):
        sent, idents, came = {}, {}, {}
        for client, server, data in adds(up):
            if client and data is not None:
                sent[client] = data
            elif client:
                idents[client] = server
        came.update((server, data) for client, server, data in adds(down) if not client and data is not None)
        self.dropped, self.rewritten, self.compared = collections.Counter(), collections.Counter(), 0
        self.unexplained = []
        for client, data in sent.items():
            if idents.get(client) in came:
                self.compared += 1
                self.compare(data, came[idents[client]])

    def compare(self, data, came):
        for name, text in data.items():
            there = came.get(name, "")
            if not text or there == text:
                continue
            if not there and name in DROPPED:
                self.dropped[name] += 1
            elif there and name in REWRITTEN and REWRITTEN[name][1](text) == there:
                self.rewritten[name] += 1
            else:
                self.unexplained.append("%s: sent %.80r, came %.80r" % (name, text, there))
        self.unexplained += ["%s: came %.80r, never sent" % (name, text) for name, text in came.items()
                             if text and not data.get(name)]

    def never(self):
        """The rows that nothing of what was sent needs."""
        return sorted(name for name in DROPPED if not self.dropped[name]) + sorted(
            name for name in REWRITTEN if not self.rewritten[name])

    def table(self):
        return (["%4d  SOGo drops %s" % (self.dropped[name], name) for name in sorted(DROPPED)] +
                ["%4d  SOGo %s: %s" % (self.rewritten[name], REWRITTEN[name][0], name) for name in sorted(REWRITTEN)])
