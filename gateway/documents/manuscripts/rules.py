"""tus 1.0.0, https://tus.io/protocols/resumable-upload: what a request says, judged.

Plain code: headers in, values or a ``Refusal`` out. Header names may be written in any case.
"""

from collections.abc import Mapping

from gateway.documents.manuscripts.refusal import Refusal

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration"
BODY_TYPE = "application/offset+octet-stream"
MOST_DIGITS = 18
_LATER = "Upload-Defer-Length"

Headers = Mapping[str, str]


def method_of(method: str, headers: Headers) -> str:
    """Return what is to be done: ``X-HTTP-Method-Override`` goes before the method itself."""
    return headers.get("X-HTTP-Method-Override", method).strip().upper()


def judge_version(headers: Headers) -> None:
    """Refuse every version but ours, and none at all, with 412."""
    if headers.get("Tus-Resumable", "") != VERSION:
        raise Refusal(412, f"Say “Tus-Resumable: {VERSION}”.", Tus_Version=VERSION)


def length_of(headers: Headers, most_bytes: int) -> int:
    """Return ``Upload-Length``, in bytes, of a file that is to be created."""
    if _LATER in headers:
        raise Refusal(400, f"{_LATER} is not supported: say Upload-Length when you begin.")
    if "Upload-Concat" in headers:
        raise Refusal(400, "Upload-Concat is not supported: send the file in one upload.")
    length = _number(headers, "Upload-Length")
    if length > most_bytes:
        raise Refusal(413, f"A manuscript may have at most {most_bytes} bytes.")
    if length == 0:
        raise Refusal(400, "The file is empty.")
    return length


def offset_of(headers: Headers) -> int:
    """Return ``Upload-Offset`` of a part that is to be added."""
    return _number(headers, "Upload-Offset")


def carries_bytes(headers: Headers) -> bool:
    """Tell whether a request that creates an upload brings its beginning along."""
    if headers.get("Content-Length", "0") == "0" and "Transfer-Encoding" not in headers:
        return False
    judge_type(headers)
    return True


def judge_type(headers: Headers) -> None:
    """Refuse with 415 what is not a part of a file."""
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != BODY_TYPE:
        raise Refusal(415, f"Send the bytes as {BODY_TYPE}.")


def judge_offset(offset: int, received: int) -> None:
    """Refuse with 409 a part that does not begin where the file ends."""
    if offset != received:
        raise Refusal(409, f"The upload stands at {received} bytes.", Upload_Offset=str(received))


def judge_room(offset: int, headers: Headers, length: int) -> None:
    """Refuse with 413 a part that says beforehand that it goes past the end of the file."""
    said = headers.get("Content-Length", "")
    if _is_number(said) and offset + int(said) > length:
        raise past_the_end(length)


def past_the_end(length: int) -> Refusal:
    """More bytes came than the upload said that it would have."""
    return Refusal(413, f"The upload said that it would have {length} bytes, and this is more.")


def _number(headers: Headers, name: str) -> int:
    said = headers.get(name)
    if said is None:
        raise Refusal(400, f"{name} is missing.")
    if not _is_number(said):
        raise Refusal(400, f"{name} must be a whole number of bytes.")
    return int(said)


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS
