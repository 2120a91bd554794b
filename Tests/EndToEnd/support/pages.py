"""What every page must hold: nothing for axe, nothing for the CSP, no sideways scrolling, well-formed HTML."""

import html5lib
from axe_playwright_python.sync_playwright import Axe

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 320)
LOOKS = (("light", 1280), ("dark", 1280), ("light", 320))


class Watched:
    """A browser page that remembers what its console and its network complained about."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def close(self):
        self.context.close()


def axe_findings(page) -> list[str]:
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in results["violations"]
        for node in one["nodes"][:3]
    ]


def scrolls_sideways(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def html_errors(text: str) -> list[str]:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"))
    parser.parse(text)
    return [f"{position}: {code} {detail}" for position, code, detail in parser.errors]


def faults(watched: Watched, url: str, alone: bool = False) -> list[str]:
    """Every fault of one page, in both colour schemes and both widths.

    `alone`: nothing stands behind the page, so that its live feed finds nobody; what breaks the policy still counts.
    """
    found: list[str] = []
    page = watched.page
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(url)
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        if scrolls_sideways(page):
            found.append(f"{url} {scheme} {width}: scrolls sideways")
        found += [f"{url} {scheme} {width}: {one}" for one in axe_findings(page)]
    complaints = [one for one in watched.complaints if not alone or "Content Security Policy" in one]
    watched.complaints.clear()
    return found + [f"{url}: console: {one}" for one in complaints]
