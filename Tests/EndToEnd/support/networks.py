"""Regions as network namespaces on this machine, each with its own way to targets and to the control plane. Needs root."""

import shutil
import subprocess


def sh(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


class Networks:
    """A namespace for each region; `shared` are addresses of this machine that all of them reach."""

    def __init__(self, regions: list[str], shared: list[str]):
        self.regions = regions
        self.shared = shared

    @staticmethod
    def missing() -> str:
        """Why there can be none here; empty where there can."""
        for tool in ("ip", "nft"):
            if not shutil.which(tool):
                return f"{tool} is not installed"
        if subprocess.run(["ip", "netns", "add", "mtl-probe"], capture_output=True).returncode:
            return "network namespaces cannot be made here"
        sh("ip", "netns", "delete", "mtl-probe")
        return ""

    @staticmethod
    def inside(region: str) -> list[str]:
        """What to put before a command so that it runs in the region."""
        return ["ip", "netns", "exec", f"mtl-{region}"]

    def __enter__(self) -> "Networks":
        self.__exit__()
        for address in self.shared:
            sh("ip", "address", "add", f"{address}/32", "dev", "lo")
        for number, region in enumerate(self.regions, 1):
            sh("ip", "netns", "add", f"mtl-{region}")
            sh("ip", "link", "add", f"mtl{number}a", "type", "veth", "peer", "name", f"mtl{number}b")
            sh("ip", "link", "set", f"mtl{number}b", "netns", f"mtl-{region}")
            sh("ip", "address", "add", f"10.77.{number}.1/24", "dev", f"mtl{number}a")
            sh("ip", "link", "set", f"mtl{number}a", "up")
            for command in (
                ["ip", "address", "add", f"10.77.{number}.2/24", "dev", f"mtl{number}b"],
                ["ip", "link", "set", f"mtl{number}b", "up"], ["ip", "link", "set", "lo", "up"],
                ["ip", "route", "add", "default", "via", f"10.77.{number}.1"],
            ):  # fmt: skip
                sh(*self.inside(region), *command)
        return self

    def __exit__(self, *_):
        for region in self.regions:
            sh("ip", "netns", "delete", f"mtl-{region}", check=False)
        for number in range(1, len(self.regions) + 1):
            sh("ip", "link", "delete", f"mtl{number}a", check=False)
        for address in self.shared:
            sh("ip", "address", "delete", f"{address}/32", "dev", "lo", check=False)

    def drop(self, region: str, *destination: str):
        """What the region sends there vanishes: `drop("a", "10.0.0.1")`, or `drop("a", "!=", "10.0.0.1")` for all else."""
        for rule in (
            ["add", "table", "ip", "cut"],
            ["add", "chain", "ip", "cut", "out", "{", "type", "filter", "hook", "output", "priority", "0", ";", "}"],
            ["add", "rule", "ip", "cut", "out", "oifname", "!=", "lo", "ip", "daddr", *destination, "drop"],
        ):
            sh(*self.inside(region), "nft", *rule)

    def mend(self, region: str):
        sh(*self.inside(region), "nft", "delete", "table", "ip", "cut")
