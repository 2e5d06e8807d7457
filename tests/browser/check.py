#!/usr/bin/env python3
"""Looks at pages in a real browser: `check.py [--shots DIR] PAGE...`

Chromium, without a window, shows each page on a phone and on a desk, light and dark, and on paper. It must
ask for nothing but the page, have nothing to say, show text that can be read, and nothing that is wider
than the window. With `--shots` it leaves pictures for people. Needs Python alone.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = {"phone": 360, "desk": 1280}
# Text of this contrast with its background or more can be read (WCAG 2, level AA).
CONTRAST = 4.5

# Measures the layout in the page. It runs beside the page, whose policy allows no script.
MEASURE = r"""
(() => {
  const visible = e => e.getClientRects().length > 0;
  const of = (e, ...names) => names.map(name => getComputedStyle(e)[name]);
  const rgb = text => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const background = e => {
    for (; e; e = e.parentElement) {
      const color = rgb(of(e, "backgroundColor")[0]);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const clipped = e => { // What a region of its own scrolls may be wider than the window.
    for (; e; e = e.parentElement) if (of(e, "overflowX")[0] !== "visible") return true;
    return false;
  };
  const faults = [];
  const name = e => e.tagName + " " + JSON.stringify(e.textContent.trim().slice(0, 40));
  const all = [...document.body.querySelectorAll("*")].filter(visible);
  for (const e of all) {
    const box = e.getBoundingClientRect();
    if (!clipped(e) && (box.right > innerWidth + 1 || box.left < -1)) faults.push("wider than the window: " + name(e));
    const own = [...e.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || e.closest("svg title")) continue;
    const [color, size] = of(e, e.closest("svg") ? "fill" : "color", "fontSize");
    const [one, other] = [light(rgb(color)), light(background(e))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < CONTRAST) faults.push("contrast " + contrast.toFixed(2) + ": " + name(e));
    const shown = e.closest("svg") ? parseFloat(size) * box.height / Math.max(e.getBBox().height, 1) : parseFloat(size);
    if (shown < SMALLEST) faults.push("text of " + shown.toFixed(1) + " px: " + name(e));
  }
  return {
    faults: [...new Set(faults)].slice(0, 10),
    width: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
    margin: of(document.body, "marginTop")[0],
    sections: document.querySelectorAll("section").length,
    text: document.body.innerText.length,
  };
})()
""".replace("CONTRAST", str(CONTRAST), 1)


class Browser:
    """Chromium, spoken to through a pair of pipes."""

    def __init__(self, program, profile):
        ours, theirs = os.pipe(), os.pipe()
        for end in (*ours, *theirs):
            os.set_inheritable(end, True)
        # The browser reads from 3 and writes to 4.
        command = 'exec "$@" 3<&%d 4>&%d' % (ours[0], theirs[1])
        args = [program, "--headless=new", "--remote-debugging-pipe", "--user-data-dir=" + profile,
                "--disable-gpu", "--no-first-run", "--disable-extensions", "--hide-scrollbars",
                "--disable-background-networking", "--disable-dev-shm-usage"]
        if os.geteuid() == 0:
            args.append("--no-sandbox")
        env = {**os.environ, "HOME": profile}
        self.process = subprocess.Popen(["sh", "-c", command, "sh", *args], close_fds=False, env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(ours[0])
        os.close(theirs[1])
        self.to, self.answers = ours[1], os.fdopen(theirs[0], "rb")
        self.number, self.events, self.session, self.rest = 0, [], None, b""

    def read(self):
        while b"\0" not in self.rest:
            more = self.answers.read1(1 << 16)
            if not more:
                sys.exit("the browser ended early")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while (message := self.read()).get("id") != self.number:
            self.events.append(message)
        if "error" in message:
            sys.exit(f"{method}: {message['error']}")
        return message["result"]

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.read())

    def close(self):
        self.session = None
        os.write(self.to, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        self.process.wait(timeout=30)


def look(browser, url, width, scheme, media):
    """Shows a page, and returns its layout and all that is wrong with it."""
    browser.events.clear()
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
                mobile=width < 600)
    browser.ask("Emulation.setEmulatedMedia", media=media,
                features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.ask("Page.navigate", url=url)
    browser.wait("Page.loadEventFired")
    # On paper, six points are small print.
    measure = MEASURE.replace("SMALLEST", "8" if media == "print" else "10")
    layout = browser.ask("Runtime.evaluate", expression=measure, returnByValue=True)
    if "value" not in layout["result"]:
        sys.exit(f"the layout cannot be measured: {layout}")
    layout = layout["result"]["value"]
    faults = layout["faults"]
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and params["request"]["url"] != url:
            faults.append("a request: " + params["request"]["url"])
        if method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            faults.append(f"a message: {params}")
    if layout["width"] > width and media == "screen":
        faults.append(f"the page is {layout['width']} px wide in a window of {width}")
    if layout["margin"] != "0px":
        faults.append("the style is not applied")
    if layout["sections"] < 5 or layout["text"] < 300:
        faults.append("the page is empty")
    return layout, faults


def main():
    args = sys.argv[1:]
    shots = pathlib.Path(args[1]) if args[:1] == ["--shots"] else None
    pages = args[2:] if shots else args
    program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if not program or not pages:
        sys.exit("usage: check.py [--shots DIR] PAGE..., with chromium on the path")
    failed = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.ask(domain + ".enable")
        for page in map(pathlib.Path, pages):
            heights = {}
            looks = [(*at, scheme, "screen") for at in WIDTHS.items() for scheme in ("light", "dark")]
            for name, width, scheme, media in [*looks, ("paper", 794, "dark", "print")]:
                layout, faults = look(browser, page.resolve().as_uri(), width, scheme, media)
                heights.setdefault(name, set()).add(layout["height"])
                failed = failed or bool(faults)
                print(f"{page.name} {name} {scheme}: {layout['width']} x {layout['height']} px",
                      *faults, sep="\n  ")
                if shots:
                    shots.mkdir(parents=True, exist_ok=True)
                    picture = browser.ask("Page.captureScreenshot", captureBeyondViewport=True)
                    shot = shots / f"{page.stem}-{name}-{scheme}.png"
                    shot.write_bytes(base64.b64decode(picture["data"]))
            for name, found in heights.items():
                if len(found) > 1:
                    failed = True
                    print(f"{page.name} {name}: light and dark are laid out otherwise: {sorted(found)}")
        browser.close()
    sys.exit(1 if failed else 0)


main()
