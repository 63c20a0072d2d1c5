"""A real Prometheus beside a case: Debian's, installed or unpacked."""
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import environment
from harness import Process, free_port, wait_for_port


def start(case, config):
    """Starts a server with that configuration (a dict, since JSON is YAML); returns its port."""
    port = free_port()
    folder = os.path.join(case.folder, f"prometheus{port}")
    os.makedirs(folder)
    path = os.path.join(folder, "prometheus.yml")
    with open(path, "w") as out:
        json.dump(config, out)
    case.keep(Process(
        [environment.debian_program("prometheus"), f"--config.file={path}", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=native-histograms"],
        log=os.path.join(case.folder, f"prometheus{port}.log")))
    wait_for_port(port)
    return port


def scrape_all(jobs, **more):
    """A configuration that scrapes each second; `more`: other sections of it."""
    return {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "scrape_configs": jobs, **more}


def ask(port, page, **parameters):
    """The data of an answer of the HTTP API; None: the server is still starting."""
    url = f"http://127.0.0.1:{port}/api/v1/{page}?" + urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        assert error.code == 503, (url, error.read().decode())
        return None


def query(port, text):
    """[(labels, value)] of an instant query."""
    data = ask(port, "query", query=text)
    return [(one["metric"], float(one["value"][1])) for one in data["result"]] if data else []


def value(port, text):
    """The value of a query with at most one result; None: there is none."""
    result = query(port, text)
    assert len(result) <= 1, result
    return result[0][1] if result else None
