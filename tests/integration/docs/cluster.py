"""A stand-in for ``kubectl`` and ``docker`` that knows what there is, and says No to all else.

Started as ``cluster.py FOLDER kubectl ARGUMENTS…``. In the folder it keeps what was applied, built
and pushed. It imports nothing of ours: it is a program beside the shop, as those are.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import yaml

KINDS = {"pod": "Pod", "pods": "Pod", "hpa": "HorizontalPodAutoscaler", "job": "Job"} | {
    "deployment": "Deployment",
    "secret": "Secret",
}


class World:
    """What is there, in a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "world.json"
        known = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.objects: dict[str, Any] = known.get("objects", {})
        self.built: list[str] = known.get("built", [])
        self.pushed: list[str] = known.get("pushed", [])

    def keep(self) -> None:
        """Write it down for the next command."""
        self._file.write_text(json.dumps(vars(self) | {"_file": None}))

    def find(self, kind: str, name: str) -> Any:
        """Return what was applied; ends the command where it was not."""
        found = self.objects.get(f"{kind}/{name}")
        return found if found is not None else no(f"there is no {kind} {name}")


def no(why: str) -> NoReturn:
    """End the command as a real one would that cannot do what it is told."""
    sys.exit(f"{' '.join(sys.argv[2:])}: {why}")


def docker(world: World, words: list[str]) -> None:
    """Build what the stack builds; tag what was built; push what was tagged."""
    stack = yaml.safe_load(Path("docker-compose.yml").read_text())["services"]
    match words:
        case ["compose", "build", *names] if all(stack[name].get("build") for name in names):
            world.built += [stack[name]["image"] for name in names]
        case ["tag", source, name] if source in world.built:
            world.built.append(name)
        case ["push", name] if name in world.built:
            world.pushed.append(name)
        case _:
            no("that cannot be built, tagged or pushed")


def kubectl(world: World, words: list[str]) -> None:
    """Do as told, in the namespace ``shop``."""
    match words:
        case ["apply", "-f", "-"]:
            apply(world, sys.stdin.read())
        case ["-n", "shop", verb, *rest] if verb in VERBS:
            VERBS[verb](world, rest)
        case _:
            no("nobody knows that command")


def create(world: World, words: list[str]) -> None:
    """Make a secret of what the command names."""
    match words:
        case ["secret", "generic" | "tls", name, *given]:
            secret(world, name, given)
        case _:
            no("only secrets are created so")


def delete(world: World, words: list[str]) -> None:
    """Remove a job, if it is there."""
    match words:
        case ["job", name, "--ignore-not-found"]:
            world.objects.pop(f"Job/{name}", None)
        case _:
            no("that is nothing to delete")


def rollout(world: World, words: list[str]) -> None:
    """Look for what is to be rolled out, or back."""
    if words[0] not in ("status", "undo", "restart", "history"):
        no("nobody knows that kind of a rollout")
    look(world, words[1:])


def look(world: World, words: list[str]) -> None:
    """Look for each ``kind/name``; there has to be one."""
    options = ("--timeout=", "--for=condition=complete", "--previous", "--tail=")
    what = [word for word in words if not word.startswith(options)]
    for each in what or no("it names nothing"):
        named(world, each)


def show(world: World, words: list[str]) -> None:
    """Show one kind of things, or one of them."""
    kind, *names = words
    for name in names:
        world.find(KINDS.get(kind) or no(f"nobody knows {kind}"), name)
    if kind not in KINDS:
        no(f"nobody knows {kind}")


def inside(world: World, words: list[str]) -> None:
    """Run Python in a pod; which one POD is, whoever reads has to say."""
    where, _, command = " ".join(words).partition(" -- ")
    if not command:
        no("nothing is to be run")
    options = [word for word in where.split() if word.startswith("-")]
    [what] = [word for word in where.split() if not word.startswith("-")]
    if what != "POD":
        named(world, what)
    run(options, words[words.index("--") + 1 :])


def apply(world: World, text: str) -> None:
    """Take in manifests whose images are there, and whose namespace is."""
    for each in filter(None, yaml.safe_load_all(text)):
        kind, name = each["kind"], each["metadata"]["name"]
        if kind != "Namespace" and each["metadata"].get("namespace") != "shop":
            no(f"{kind} {name} is in no namespace of ours")
        if kind != "Namespace":
            world.find("Namespace", "shop")
        for image in re.findall(r"'image': '([^']+)'", str(each)):
            if image not in world.pushed:
                no(f"the image {image} was not pushed")
        for wanted in re.findall(r"'secretName': '([^']+)'", str(each)):
            world.find("Secret", wanted)
        world.objects[f"{kind}/{name}"] = each


def secret(world: World, name: str, given: list[str]) -> None:
    """Make a secret of what the command names."""
    made = dict(each.removeprefix("--from-literal=").partition("=")[::2] for each in given)
    if "" in made.values():
        no("a part of the secret is empty")
    world.objects[f"Secret/{name}"] = {"data": sorted(made)}


def named(world: World, what: str) -> None:
    """Look for ``kind/name``."""
    kind, _, name = what.partition("/")
    world.find(KINDS.get(kind) or no(f"nobody knows {kind}"), name)


def run(options: list[str], words: list[str]) -> None:
    """Run Python as in a container of the gateway; its environment and its port are the test's."""
    if not set(options) <= {"-it"} or words.pop(0) != "python":
        no("nobody can run that there")
    port = os.environ["SHOP_PORT"]
    told = [word.replace("'127.0.0.1', 8000", f"'127.0.0.1', {port}") for word in words]
    if told[:2] == ["manage.py", "createsuperuser"]:
        told.append("--noinput")  # nobody sits there to be asked
    sys.exit(subprocess.run([sys.executable, *told], check=False).returncode)


VERBS = {
    **{"create": create, "delete": delete, "rollout": rollout, "exec": inside},
    **{"wait": look, "logs": look, "get": show, "describe": show},
}

if __name__ == "__main__":
    folder, program, *arguments = sys.argv[1:]
    here = World(Path(folder))
    try:
        {"kubectl": kubectl, "docker": docker}[program](here, arguments)
    finally:
        here.keep()
