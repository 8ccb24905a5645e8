"""The member: a user whose name is an e-mail address; how one joins, and what we write to them."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from gateway.members.wording import normalized


class MemberManager(BaseUserManager["Member"]):
    """Creates members; Django's commands (``createsuperuser``) use it too."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        """Create a member. Raises ``ValueError`` where there is no address."""
        if not email:
            raise ValueError("A member needs an e-mail address.")
        member = self.model(email=normalized(email), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        """Create a member who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Member":
        """Return the member with this address, however it is typed."""
        return self.get(email=normalized(username or ""))


class Member(AbstractBaseUser, PermissionsMixin):
    """Somebody with an account."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=80, help_text="How the shop greets the member.")
    is_staff = models.BooleanField(default=False, help_text="May enter the admin.")
    is_active = models.BooleanField(default=True, help_text="May sign in.")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    awaits_confirmation = models.BooleanField(
        default=False,
        editable=False,
        help_text="Joined, and has not yet proved that the address is theirs.",
    )
    session_epoch = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Part of every session: raising it ends all that the member has.",
    )

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Keep the address in its one form."""
        super().clean()
        self.email = normalized(self.email)

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry to be this member's."""
        return session_hash(self.password, self.session_epoch)


class Joining(models.Model):
    """One try to join: what the visitor chose, until the owner of the address confirms it.

    Several people may try with one address. Each try keeps its own name and password, so that
    nobody who does not own the address can choose a password for whoever does. ``id`` is the number
    of the form that was sent, so that a form that is sent twice is one try.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="joinings")
    name = models.CharField(max_length=80)
    password = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.member_id}, {self.created_at:%Y-%m-%d %H:%M}"


class Letter(models.Model):
    """A mail that is owed to somebody, and whether it has been handed over.

    It is written in the transaction that it tells of, and ``sent_at`` right after the mail server
    has taken it. Its number is in the mail's ``Message-ID``.
    """

    class Kind(models.TextChoices):
        """What it says."""

        WELCOME = "welcome", "Welcome, and please confirm"
        ALREADY = "already", "You are a member already"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    to = models.EmailField()
    joining = models.ForeignKey(
        Joining, on_delete=models.CASCADE, null=True, related_name="letters"
    )
    origin = models.CharField(max_length=300, help_text="Where links in it lead to.")
    created_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, help_text="Of the next try.")
    sent_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=200, blank=True, help_text="What the last try met.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["to", "created_at"], name="letter_to"),
            models.Index(
                fields=["due_at"],
                name="letter_owed",
                condition=models.Q(sent_at=None, gave_up_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"


def session_hash(password: str, epoch: int, secret: str | None = None) -> str:
    """Return the proof that a session was begun with this password and in this epoch.

    It changes with either, and all sessions from before end. ``secret`` defaults to SECRET_KEY.
    """
    return salted_hmac(
        "gateway.members.session", f"{epoch}:{password}", secret=secret, algorithm="sha256"
    ).hexdigest()
