"""``python -m tests.contract.write``: write the contract files under ``pacts/`` anew."""

import os

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from gateway.contracts.pactfiles import FOLDER
    from tests.contract.writing import write_all

    write_all(FOLDER)
