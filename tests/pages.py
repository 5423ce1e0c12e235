"""What tests look for in a page."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a page loads, runs and says."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.runs, self.links, self.words, self.skip = [], [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.skip += tag == "style"
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form", "svg-script"):
            self.runs.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.runs.append(f"{tag} {name}")
            if name in ("src", "srcset", "data", "poster", "background"):
                self.loads.append(value)
            if name == "href":
                self.links.append(value)

    def handle_endtag(self, tag):
        self.skip -= tag == "style"

    def handle_data(self, data):
        if not self.skip:
            self.words.append(data)
