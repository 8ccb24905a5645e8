"""How a worker shares out its work."""

from gateway.members.worker import Manner, shared_out


def test_half_of_the_slots_are_kept_free_of_mails() -> None:
    slots = shared_out(Manner(at_a_time=4))
    assert ["mail" in slot.queues for slot in slots] == [True, False, True, False]
    assert all("default" in slot.queues for slot in slots)


def test_a_worker_for_mails_alone_uses_all_its_slots() -> None:
    assert all(slot.queues == ("mail",) for slot in shared_out(Manner(("mail",), 3)))


def test_a_worker_of_one_slot_does_everything() -> None:
    (slot,) = shared_out(Manner(at_a_time=1))
    assert set(slot.queues) == {"default", "mail"}
