"""A headless Chromium, driven over a pipe by the DevTools protocol; the standard library is all it takes."""

import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(prefix="lacuna-browser-")
        commands_out, commands_in = os.pipe()
        events_out, events_in = os.pipe()
        words = [
            program, "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
            "--disable-dev-shm-usage", f"--user-data-dir={self.profile.name}",
        ]
        if os.geteuid() == 0:
            words.append("--no-sandbox")
        # The protocol's descriptors are 3 and 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{commands_out} 4>&{events_in}', "bash", *words],
            pass_fds=(commands_out, events_in), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(commands_out)
        os.close(events_in)
        self.commands, self.events, self.pending, self.number = commands_in, events_out, b"", 0
        self.seen = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close", wait=5)
        except (OSError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.events)
        for _ in range(20):
            try:
                self.profile.cleanup()
                return
            except OSError:
                time.sleep(0.2)

    def receive(self, wait):
        limit = time.monotonic() + wait
        while b"\0" not in self.pending:
            if not select.select([self.events], [], [], max(0, limit - time.monotonic()))[0]:
                raise RuntimeError("the browser does not answer")
            piece = os.read(self.events, 1 << 16)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.pending += piece
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, wait=120, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        while True:
            answer = self.receive(wait)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.seen.append(answer)


class Page:
    """A page of its own, with what it said and asked for since it was opened."""

    def __init__(self, browser, width=1280, height=900, scheme="light", phone=False):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.width = width
        self.resize(height, phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.phone = phone

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def resize(self, height, phone):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=self.width, height=height, deviceScaleFactor=1, mobile=phone
        )

    def open(self, address):
        """Opens an address and returns the milliseconds until the page is drawn."""
        self.call("Page.navigate", url=address)
        started = time.monotonic()
        while not self.evaluate("document.readyState === 'complete' && document.body.dataset.ready === 'yes'"):
            if time.monotonic() > started + 60:
                raise RuntimeError(f"{address} is not drawn; it said {self.said()}")
            time.sleep(0.02)
        return self.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "?") + "\n" + expression)
        return answer["result"].get("value")

    def events(self, *methods):
        return [one["params"] for one in self.browser.seen if one.get("sessionId") == self.session and one.get("method") in methods]

    def said(self):
        """What the page said on its console, and what went wrong in it."""
        return (
            [one["args"][0].get("value") for one in self.events("Runtime.consoleAPICalled") if one["args"]]
            + [one["entry"]["text"] for one in self.events("Log.entryAdded")]
            + [one["exceptionDetails"].get("exception", {}).get("description") for one in self.events("Runtime.exceptionThrown")]
        )

    def asked(self):
        """The addresses that it loaded."""
        return [one["request"]["url"] for one in self.events("Network.requestWillBeSent")]

    def picture(self, path, whole=True):
        import base64

        height = self.evaluate("document.documentElement.scrollHeight") if whole else 900
        self.resize(min(height, 6000), self.phone)
        time.sleep(0.3)
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))
        self.resize(900, self.phone)

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
