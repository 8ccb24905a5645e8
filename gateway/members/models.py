"""The member: a user whose name is an e-mail address."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac


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


def normalized(email: str) -> str:
    """Return the form in which an address is kept and compared: trimmed, lower case."""
    return email.strip().lower()


class Member(AbstractBaseUser, PermissionsMixin):
    """Somebody with an account."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=80, help_text="How the shop greets the member.")
    is_staff = models.BooleanField(default=False, help_text="May enter the admin.")
    is_active = models.BooleanField(default=True, help_text="May sign in.")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
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


def session_hash(password: str, epoch: int, secret: str | None = None) -> str:
    """Return the proof that a session was begun with this password and in this epoch.

    It changes with either, and all sessions from before end. ``secret`` defaults to SECRET_KEY.
    """
    return salted_hmac(
        "gateway.members.session", f"{epoch}:{password}", secret=secret, algorithm="sha256"
    ).hexdigest()
