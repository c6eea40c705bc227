"""WBXML as ActiveSync has it, for tests: an oracle that shares nothing with the project's own codec.

A document is a tree of Element. write() makes bytes of one, read() a tree of bytes; both know only
what MS-ASWBXML 2.1 lists, and read() fails loudly on everything else.
"""

# page: (namespace, its tags from token 5 on; "-" where a token has none)
TAGS = {
    0: ("AirSync",
         "Sync Responses Add Change Delete Fetch SyncKey ClientId ServerId Status Collection Class Version "
         "CollectionId GetChanges MoreAvailable WindowSize Commands Options FilterType Truncation "
         "RtfTruncation Conflict Collections ApplicationData DeletesAsMoves NotifyGUID Supported SoftDelete "
         "MIMESupport MIMETruncation Wait Limit Partial ConversationMode MaxItems HeartbeatInterval "),
    1: ("Contacts",
         "Anniversary AssistantName AssistantPhoneNumber Birthday Body BodySize BodyTruncated "
         "Business2PhoneNumber BusinessAddressCity BusinessAddressCountry BusinessAddressPostalCode "
         "BusinessAddressState BusinessAddressStreet BusinessFaxNumber BusinessPhoneNumber CarPhoneNumber "
         "Categories Category Children Child CompanyName Department Email1Address Email2Address Email3Address "
         "FileAs FirstName Home2PhoneNumber HomeAddressCity HomeAddressCountry HomeAddressPostalCode "
         "HomeAddressState HomeAddressStreet HomeFaxNumber HomePhoneNumber JobTitle LastName MiddleName "
         "MobilePhoneNumber OfficeLocation OtherAddressCity OtherAddressCountry OtherAddressPostalCode "
         "OtherAddressState OtherAddressStreet PagerNumber RadioPhoneNumber Spouse Suffix Title WebPage "
         "YomiCompanyName YomiFirstName YomiLastName CompressedRTF Picture Alias WeightedRank "),
    2: ("Email",
         "Attachment Attachments AttName AttSize Att0Id AttMethod AttRemoved Body BodySize BodyTruncated "
         "DateReceived DisplayName DisplayTo Importance MessageClass Subject Read To Cc From ReplyTo "
         "AllDayEvent Categories Category DtStamp EndTime InstanceType BusyStatus Location MeetingRequest "
         "Organizer RecurrenceId Reminder ResponseRequested Recurrences Recurrence Type Until Occurrences "
         "Interval DayOfWeek DayOfMonth WeekOfMonth MonthOfYear StartTime Sensitivity TimeZone GlobalObjId "
         "ThreadTopic MIMEData MIMETruncated MIMESize InternetCPID Flag Status ContentClass FlagType "
         "CompleteTime DisallowNewTimeProposal "),
    4: ("Calendar",
         "Timezone AllDayEvent Attendees Attendee Email Name Body BodyTruncated BusyStatus Categories Category "
         "CompressedRTF DtStamp EndTime Exception Exceptions Deleted ExceptionStartTime Location MeetingStatus "
         "OrganizerEmail OrganizerName Recurrence Type Until Occurrences Interval DayOfWeek DayOfMonth "
         "WeekOfMonth MonthOfYear Reminder Sensitivity Subject StartTime UID AttendeeStatus AttendeeType "
         "Attachment Attachments AttName AttSize AttOid AttMethod AttRemoved DisplayName "
         "DisallowNewTimeProposal ResponseRequested AppointmentReplyTime ResponseType CalendarType IsLeapMonth "
         "FirstDayOfWeek OnlineMeetingConfLink OnlineMeetingExternalLink ClientUid "),
    5: ("Move",
         "MoveItems Move SrcMsgId SrcFldId DstFldId Response Status DstMsgId "),
    6: ("GetItemEstimate",
         "GetItemEstimate Version Collections Collection Class CollectionId DateTime Estimate Response Status "),
    7: ("FolderHierarchy",
         "Folders Folder DisplayName ServerId ParentId Type Response Status ContentClass Changes Add Delete "
         "Update SyncKey FolderCreate FolderDelete FolderUpdate FolderSync Count Version "),
    8: ("MeetingResponse",
         "CalendarId CollectionId MeetingResponse RequestId Request Result Status UserResponse Version "
         "InstanceId - ProposedStartTime ProposedEndTime SendResponse "),
    9: ("Tasks",
         "Body BodySize BodyTruncated Categories Category Complete DateCompleted DueDate UtcDueDate Importance "
         "Recurrence Type Start Until Occurrences Interval DayOfMonth DayOfWeek WeekOfMonth MonthOfYear "
         "Regenerate DeadOccur ReminderSet ReminderTime Sensitivity StartDate UtcStartDate Subject "
         "CompressedRTF OrdinalDate SubOrdinalDate CalendarType IsLeapMonth FirstDayOfWeek "),
    10: ("ResolveRecipients",
         "ResolveRecipients Response Status Type Recipient DisplayName EmailAddress Certificates Certificate "
         "MiniCertificate Options To CertificateRetrieval RecipientCount MaxCertificates "
         "MaxAmbiguousRecipients CertificateCount Availability StartTime EndTime MergedFreeBusy Picture "
         "MaxSize Data MaxPictures "),
    12: ("Contacts2",
         "CustomerId GovernmentId IMAddress IMAddress2 IMAddress3 ManagerName CompanyMainPhone AccountName "
         "NickName MMS "),
    13: ("Ping",
         "Ping AutdState Status HeartbeatInterval Folders Folder Id Class MaxFolders "),
    14: ("Provision",
         "Provision Policies Policy PolicyType PolicyKey Data Status RemoteWipe EASProvisionDoc "
         "DevicePasswordEnabled AlphanumericDevicePasswordRequired RequireStorageCardEncryption "
         "PasswordRecoveryEnabled DocumentBrowseEnabled AttachmentsEnabled MinDevicePasswordLength "
         "MaxInactivityTimeDeviceLock MaxDevicePasswordFailedAttempts MaxAttachmentSize "
         "AllowSimpleDevicePassword DevicePasswordExpiration DevicePasswordHistory AllowStorageCard "
         "AllowCamera RequireDeviceEncryption AllowUnsignedApplications AllowUnsignedInstallationPackages "
         "MinDevicePasswordComplexCharacters AllowWiFi AllowTextMessaging AllowPOPIMAPEmail AllowBluetooth "
         "AllowIrDA RequireManualSyncWhenRoaming AllowDesktopSync MaxCalendarAgeFilter AllowHTMLEmail "
         "MaxEmailAgeFilter MaxEmailBodyTruncationSize MaxEmailHTMLBodyTruncationSize "
         "RequireSignedSMIMEMessages RequireEncryptedSMIMEMessages RequireSignedSMIMEAlgorithm "
         "RequireEncryptionSMIMEAlgorithm AllowSMIMEEncryptionAlgorithmNegotiation AllowSMIMESoftCerts "
         "AllowBrowser AllowConsumerEmail AllowRemoteDesktop AllowInternetSharing "
         "UnapprovedInROMApplicationList ApplicationName ApprovedApplicationList Hash AccountOnlyRemoteWipe "),
    15: ("Search",
         "Search - Store Name Query Options Range Status Response Result Properties Total EqualTo Value And Or "
         "FreeText - DeepTraversal LongId RebuildResults LessThan GreaterThan - - UserName Password "
         "ConversationId Picture MaxSize MaxPictures "),
    16: ("GAL",
         "DisplayName Phone Office Title Company Alias FirstName LastName HomePhone MobilePhone EmailAddress "
         "Picture Status Data "),
    17: ("AirSyncBase",
         "BodyPreference Type TruncationSize AllOrNone - Body Data EstimatedDataSize Truncated Attachments "
         "Attachment DisplayName FileReference Method ContentId ContentLocation IsInline NativeBodyType "
         "ContentType Preview BodyPartPreference BodyPart Status Add Delete ClientId Content Location "
         "Annotation Street City State Country PostalCode Latitude Longitude Accuracy Altitude "
         "AltitudeAccuracy LocationUri InstanceId "),
    18: ("Settings",
         "Settings Status Get Set Oof OofState StartTime EndTime OofMessage AppliesToInternal "
         "AppliesToExternalKnown AppliesToExternalUnknown Enabled ReplyMessage BodyType DevicePassword "
         "Password DeviceInformation Model IMEI FriendlyName OS OSLanguage PhoneNumber UserInformation "
         "EmailAddresses SMTPAddress UserAgent EnableOutboundSMS MobileOperator PrimarySmtpAddress Accounts "
         "Account AccountId AccountName UserDisplayName SendDisabled - RightsManagementInformation "),
    20: ("ItemOperations",
         "ItemOperations Fetch Store Options Range Total Properties Data Status Response Version Schema Part "
         "EmptyFolderContents DeleteSubFolders UserName Password Move DstFldId ConversationId MoveAlways "),
    21: ("ComposeMail",
         "SendMail SmartForward SmartReply SaveInSentItems ReplaceMime - Source FolderId ItemId LongId "
         "InstanceId Mime ClientId Status AccountId - Forwardees Forwardee Name Email "),
    22: ("Email2",
         "UmCallerID UmUserNotes UmAttDuration UmAttOrder ConversationId ConversationIndex LastVerbExecuted "
         "LastVerbExecutionTime ReceivedAsBcc Sender CalendarType IsLeapMonth AccountId FirstDayOfWeek "
         "MeetingMessageType - IsDraft Bcc Send "),
    23: ("Notes",
         "Subject MessageClass LastModifiedDate Categories Category "),
    25: ("Find",
         "Find SearchId ExecuteSearch MailBoxSearchCriterion Query Status FreeText Options Range DeepTraversal "
         "- - Response Result Properties Preview HasAttachments Total DisplayCc DisplayBcc GalSearchCriterion "
         "- - - - - - MaxPictures MaxSize Picture "),
}


TOKENS = {}
NAMES = {}
for _page, (_space, _tags) in TAGS.items():
    for _token, _tag in enumerate(_tags.split(), 5):
        if _tag != "-":
            TOKENS[_space, _tag] = (_page, _token)
            NAMES[_page, _token] = (_space, _tag)


class Element:
    """space and name say what it is; value is None, str or bytes; children a list."""

    def __init__(self, tag, *content, space=None):
        self.space, _, self.name = tag.rpartition(":")
        self.space = self.space or space
        self.value = None
        self.children = []
        for part in content:
            if isinstance(part, Element):
                self.children.append(part)
            elif part is not None:
                self.value = part

    def all(self, path):
        """Every element at a path of names: "Collections/Collection"."""
        found = [self]
        for step in path.split("/"):
            space, _, name = step.rpartition(":")
            found = [c for e in found for c in e.children if c.name == name and (not space or c.space == space)]
        return found

    def one(self, path):
        found = self.all(path)
        return found[0] if found else None

    def text(self, path, default=None):
        found = self.one(path)
        return default if found is None else found.value if found.value is not None else ""

    def __repr__(self):
        inside = "".join(map(repr, self.children)) if self.children else self.value if self.value is not None else ""
        return "<%s>%s</>" % (self.name, inside)


def E(tag, *content):
    return Element(tag, *content)


def _number(value):
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def write(root):
    out = bytearray(b"\x03\x01\x6a\x00")
    page = 0

    def put(element, space):
        nonlocal page
        element.space = element.space or space
        new_page, token = TOKENS[element.space, element.name]
        if new_page != page:
            page = new_page
            out.extend((0, page))
        full = bool(element.children) or element.value not in (None, "")
        out.append(token | (0x40 if full else 0))
        if not full:
            return
        for child in element.children:
            put(child, element.space)
        if isinstance(element.value, bytes):
            out.extend(b"\xc3" + _number(len(element.value)) + element.value)
        elif element.value:
            out.extend(b"\x03" + element.value.encode("utf-8", "surrogateescape") + b"\x00")
        out.append(1)

    put(root, None)
    return bytes(out)


class Bad(Exception):
    pass


def read(data):
    if data[:4] != b"\x03\x01\x6a\x00":
        raise Bad("no header: %r" % data[:16])
    at, page, root, stack = 4, 0, None, []
    while at < len(data):
        byte = data[at]
        at += 1
        if byte == 0:
            page = data[at]
            at += 1
        elif byte == 1:
            stack.pop()
        elif byte == 3:
            end = data.index(0, at)
            stack[-1].value = (stack[-1].value or "") + data[at:end].decode()
            at = end + 1
        elif byte == 0xC3:
            length = 0
            while True:
                length = length << 7 | data[at] & 0x7F
                at += 1
                if not data[at - 1] & 0x80:
                    break
            if at + length > len(data):
                raise Bad("opaque runs past the end")
            stack[-1].value = bytes(data[at:at + length])
            at += length
        else:
            if byte & 0x80 or (page, byte & 0x3F) not in NAMES:
                raise Bad("token %02x on page %d" % (byte, page))
            space, name = NAMES[page, byte & 0x3F]
            element = Element(space + ":" + name)
            if stack:
                stack[-1].children.append(element)
            elif root is None:
                root = element
            else:
                raise Bad("two roots")
            if byte & 0x40:
                stack.append(element)
    if stack or root is None:
        raise Bad("ended in the middle")
    return root
