"""A client of ActiveSync for tests of a server: one method a command, nothing remembered but keys."""
import base64
import gzip
import http.client
import struct
import urllib.parse

from wbxml import E, read, write


class Refused(Exception):
    def __init__(self, code, body):
        super().__init__("HTTP %d: %r" % (code, body[:200]))
        self.code = code


class Client:
    def __init__(self, url, user="alice", password="secret", version="14.1", device="TESTDEVICE1", timeout=60):
        self.url = urllib.parse.urlsplit(url)
        self.user, self.password, self.version, self.device, self.timeout = user, password, version, device, timeout
        self.policy_key = 0
        self.connection = None
        self.wire = 0  # bytes of the last answer's body as they came

    @property
    def new(self):
        return float(self.version) >= 14

    def http(self, method, target, body=None, headers=()):
        """One exchange; returns (code, headers, body)."""
        if not self.connection:
            self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=self.timeout)
        pair = base64.b64encode(("%s:%s" % (self.user, self.password)).encode()).decode()
        try:
            self.connection.request(method, target, body, {"Authorization": "Basic " + pair, **dict(headers)})
            answer = self.connection.getresponse()
            data = answer.read()
        except Exception:
            self.close()
            raise
        self.wire = len(data)
        if answer.getheader("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return answer.status, answer, data

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def post(self, command, body, headers=(), version=None):
        """The raw body of an answer to bytes; Refused for anything but 200."""
        query = urllib.parse.urlencode({"Cmd": command, "User": self.user, "DeviceId": self.device,
                                        "DeviceType": "Probe"})
        code, self.answer, data = self.http("POST", self.url.path + "?" + query, body, {
            "Content-Type": "application/vnd.ms-sync.wbxml", "MS-ASProtocolVersion": version or self.version,
            "X-MS-PolicyKey": str(self.policy_key), **dict(headers)})
        if code != 200:
            raise Refused(code, data)
        return data

    def ask(self, command, root, headers=()):
        """The answer's root; None for an empty answer."""
        data = self.post(command, write(root) if root is not None else b"", headers)
        return read(data) if data else None

    def provision(self, acknowledge="1"):
        device = [E("Settings:DeviceInformation", E("Set", E("Model", "probe")))] if float(self.version) >= 14.1 else []
        kind = E("PolicyType", "MS-EAS-Provisioning-WBXML")
        first = self.ask("Provision", E("Provision:Provision", *device, E("Provision:Policies", E("Policy", kind))))
        key = first.text("Policies/Policy/PolicyKey")
        second = self.ask("Provision", E("Provision:Provision", E("Policies", E(
            "Policy", E("PolicyType", "MS-EAS-Provisioning-WBXML"), E("PolicyKey", key), E("Status", acknowledge)))))
        self.policy_key = second.text("Policies/Policy/PolicyKey", 0)
        return first, second

    def folder_sync(self, key="0"):
        return self.ask("FolderSync", E("FolderHierarchy:FolderSync", E("SyncKey", key)))

    def folders(self):
        """{path: ServerId} of the hierarchy."""
        rows = {a.text("ServerId"): (a.text("ParentId"), a.text("DisplayName"), a.text("Type"))
                for a in self.folder_sync().all("Changes/Add")}

        def path(ident):
            parent, name, _ = rows[ident]
            return name if parent == "0" else path(parent) + "/" + name

        return {path(ident): ident for ident in rows}

    def collection(self, ident, key, *options, window=None, get_changes=None, commands=None, before=()):
        return E("Collection", E("SyncKey", key), E("CollectionId", ident), *before,
                 E("GetChanges", get_changes) if get_changes is not None else None,
                 E("WindowSize", str(window)) if window else None,
                 E("Options", *options) if options else None,
                 E("Commands", *commands) if commands else None)

    def sync(self, *collections, more=()):
        return self.ask("Sync", E("AirSync:Sync", E("Collections", *collections), *more))

    def prime(self, ident, *options):
        answer = self.sync(self.collection(ident, "0", *options))
        return answer.text("Collections/Collection/SyncKey")

    def read_all(self, ident, *options, window=100, key=None):
        """Syncs a collection to its end: ({ServerId: ApplicationData}, key)."""
        key = key or self.prime(ident)
        items = {}
        while True:
            answer = self.sync(self.collection(ident, key, *options, window=window))
            if answer is None:
                return items, key
            collection = answer.one("Collections/Collection")
            if collection.text("Status") != "1":
                raise AssertionError("Status %s" % collection.text("Status"))
            key = collection.text("SyncKey")
            for command in collection.all("Commands/Add") + collection.all("Commands/Change"):
                items[command.text("ServerId")] = command.one("ApplicationData")
            for command in collection.all("Commands/Delete") + collection.all("Commands/SoftDelete"):
                items.pop(command.text("ServerId"), None)
            if not collection.one("MoreAvailable"):
                return items, key

    def fetch(self, *items, options=(), multipart=False):
        """ItemOperations over (CollectionId, ServerId) pairs; the answer, and the parts behind it."""
        root = E("ItemOperations:ItemOperations", *[
            E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", c), E("AirSync:ServerId", s),
              E("Options", *options) if options else None) for c, s in items])
        data = self.post("ItemOperations", write(root), {"MS-ASAcceptMultiPart": "T"} if multipart else {})
        if not multipart:
            return read(data), []
        count, = struct.unpack_from("<I", data)
        rows = [struct.unpack_from("<II", data, 4 + 8 * i) for i in range(count)]
        parts = [data[offset:offset + length] for offset, length in rows]
        return read(parts[0]), parts[1:]


def preference(kind, size=None, all_or_none=None):
    return E("AirSyncBase:BodyPreference", E("Type", str(kind)),
             E("TruncationSize", str(size)) if size is not None else None,
             E("AllOrNone", all_or_none) if all_or_none else None)


MIME = (E("AirSync:MIMESupport", "2"), preference(4))
