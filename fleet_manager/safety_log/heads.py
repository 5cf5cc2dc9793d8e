"""Signed tree heads: what the log vouches for, in the form of RFC 6962, section 3.5, with an Ed25519 key."""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_V1, _TREE_HASH = 0, 1


class KeyFileError(Exception):
    """A key cannot be read, is none of Ed25519, or others may read it; the text says what to do."""


@dataclass(frozen=True, slots=True)
class SignedTreeHead:
    """At `timestamp` (ms of UTC since 1970) the log `log_id` had `size` records under `root`."""

    log_id: str
    size: int
    timestamp: int
    root: bytes
    signature: bytes

    def signed(self) -> bytes:
        """The bytes under the signature."""
        return struct.pack(">BBQQ", _V1, _TREE_HASH, self.timestamp, self.size) + self.root

    @property
    def at(self) -> datetime:
        """When it was signed."""
        return datetime.fromtimestamp(self.timestamp / 1000.0, timezone.utc)

    def to_json(self) -> dict[str, Any]:
        """As the witness and proofs keep it."""
        return {
            "log_id": self.log_id,
            "size": self.size,
            "timestamp": self.timestamp,
            "root": self.root.hex(),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_json(cls, value: Any) -> SignedTreeHead:
        """Raises ValueError for anything else."""
        try:
            return cls(
                str(value["log_id"]),
                int(value["size"]),
                int(value["timestamp"]),
                bytes.fromhex(value["root"]),
                bytes.fromhex(value["signature"]),
            )
        except (KeyError, TypeError) as fault:
            raise ValueError(f"no signed tree head: {fault!r}") from fault


class Verifier:
    """The public half of a log's key."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.log_id = hashlib.sha256(raw).hexdigest()[:32]
        """Names the key: the first half of its SHA-256."""

    @classmethod
    def from_pem(cls, text: bytes) -> Verifier:
        """Raises KeyFileError."""
        try:
            key = serialization.load_pem_public_key(text)
        except ValueError as fault:
            raise KeyFileError(f"no public key in PEM form: {fault}") from fault
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFileError("the public key is not one of Ed25519")
        return cls(key)

    def pem(self) -> bytes:
        """To give away."""
        return self._key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def genuine(self, head: SignedTreeHead) -> bool:
        """Whether this key signed the head."""
        if head.log_id != self.log_id:
            return False
        try:
            self._key.verify(head.signature, head.signed())
        except InvalidSignature:
            return False
        return True


class Signer:
    """The private half of a log's key, kept in a file that nobody else may read."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = Verifier(key.public_key())

    @classmethod
    def load_or_create(cls, path: Path) -> Signer:
        """The key in this file, or a new one; its public half stands beside it as `.pub`. Raises KeyFileError."""
        try:
            return cls._load(path)
        except FileNotFoundError:
            return cls._create(path)

    @classmethod
    def _load(cls, path: Path) -> Signer:
        try:
            if path.stat().st_mode & 0o077:
                raise KeyFileError(f"{path} may be read by others; chmod 600 {path}")
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, TypeError) as fault:
            raise KeyFileError(f"{path}: {fault}") from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"{path} holds no Ed25519 key")
        return cls(key)

    @classmethod
    def _create(cls, path: Path) -> Signer:
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signer = cls(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            path.with_suffix(".pub").write_bytes(signer.verifier.pem())
            part.rename(path)
        except OSError as fault:
            raise KeyFileError(f"{path} cannot be written: {fault}") from fault
        return signer

    def sign(self, size: int, root: bytes, at: datetime) -> SignedTreeHead:
        """Vouch for a tree."""
        unsigned = SignedTreeHead(self.verifier.log_id, size, round(at.timestamp() * 1000), root, b"")
        return SignedTreeHead(unsigned.log_id, size, unsigned.timestamp, root, self._key.sign(unsigned.signed()))
