"""The manifest for Kubernetes: is it whole, and does it give away no more than is needed?"""
import os
import re
import shutil
import subprocess

import pytest
import yaml

from conftest import PATIENCE, PROBATE, ROOT

MANIFEST = os.path.join(ROOT, "contrib", "kubernetes.yaml")
KINDS = {"ServiceAccount": "v1", "DaemonSet": "apps/v1", "PodMonitor": "monitoring.coreos.com/v1"}


def text():
    with open(MANIFEST) as f:
        return f.read()


@pytest.fixture(scope="module")
def objects():
    return {d["kind"]: d for d in yaml.safe_load_all(text())}


@pytest.fixture(scope="module")
def optional():
    """What is commented out, as it would be read."""
    tail = text().split("\n#---\n")[1]
    return yaml.safe_load(re.sub(r"^#", "", tail, flags=re.M))


@pytest.fixture(scope="module")
def pod(objects):
    return objects["DaemonSet"]["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod):
    (only,) = pod["spec"]["containers"]
    return only


def test_every_object_is_one(objects, optional):
    assert set(objects) == {"ServiceAccount", "DaemonSet"}
    for one in [*objects.values(), optional]:
        assert one["apiVersion"] == KINDS[one["kind"]]
        assert one["metadata"]["name"] == "probate"
        assert "namespace" not in one["metadata"]


def test_selectors_match(objects, optional, pod):
    labels = pod["metadata"]["labels"].items()
    assert objects["DaemonSet"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert optional["spec"]["selector"]["matchLabels"].items() <= labels
    assert optional["spec"]["jobLabel"] in pod["metadata"]["labels"]
    assert pod["spec"]["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"]


def test_the_job_can_be_named_as_the_alerts_like_it(pod, tmp_path):
    """The lines that are there to be copied are valid, and make it "probate"."""
    lines = re.search(r"^ *#   (relabel_configs:\n(?: *#     .*\n)+)", text(), re.M)[1]
    rules = yaml.safe_load(re.sub(r"^ *#   ", "", lines, flags=re.M))["relabel_configs"]
    (rule,) = rules
    (source,) = rule["source_labels"]
    labels = {"__meta_kubernetes_pod_label_" + re.sub(r"[^a-zA-Z0-9_]", "_", name): value
              for name, value in pod["metadata"]["labels"].items()}
    assert rule["target_label"] == "job"
    assert re.fullmatch(rule["regex"], labels[source])[1] == "probate"
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    job = {"job_name": "kubernetes-pods", "static_configs": [{"targets": []}], "relabel_configs": rules}
    config = tmp_path / "prometheus.yml"
    config.write_text(yaml.safe_dump({"scrape_configs": [job]}))
    done = subprocess.run(["promtool", "check", "config", str(config)], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout


def test_it_asks_nothing_of_the_api_server(objects, pod):
    assert objects["ServiceAccount"]["automountServiceAccountToken"] is False
    assert pod["spec"]["automountServiceAccountToken"] is False


def test_rights(pod, container):
    rights = container["securityContext"]
    assert "privileged" not in rights and rights["allowPrivilegeEscalation"] is False
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["capabilities"] == {"drop": ["ALL"], "add": ["BPF", "PERFMON", "SETUID", "SETGID"]}
    assert rights["seccompProfile"]["type"] == "RuntimeDefault"
    assert pod["spec"]["hostPID"] is True and "hostIPC" not in pod["spec"]


def test_what_is_of_the_node_is_read_only(pod, container):
    volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
    mounts = {m["name"]: m for m in container["volumeMounts"]}
    assert volumes.keys() == mounts.keys() == {"btf", "cgroup", "state"}
    for name, path in ("btf", "/sys/kernel/btf"), ("cgroup", "/sys/fs/cgroup"):
        assert mounts[name] == {"name": name, "mountPath": path, "readOnly": True}
        assert volumes[name]["hostPath"] == {"path": path, "type": "Directory"}
    assert volumes["state"]["emptyDir"]["medium"] == "Memory"


def test_it_is_asked_where_it_listens(optional, pod, container):
    (port,) = container["ports"]
    (listen,) = [a for a in container["args"] if a.startswith("--web.listen-address=")]
    assert listen.endswith(f"$({container['env'][0]['name']}):{port['containerPort']}")
    assert port["hostPort"] == port["containerPort"]
    for probe, path in ("startup", "/-/ready"), ("liveness", "/-/healthy"), ("readiness", "/-/ready"):
        assert container[probe + "Probe"]["httpGet"] == {"path": path, "port": port["name"]}
    notes = pod["metadata"]["annotations"]
    assert notes["prometheus.io/port"] == str(port["containerPort"])
    (endpoint,) = optional["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == port["name"] and endpoint["path"] == notes["prometheus.io/path"]


def test_the_command_is_one(container):
    """Its options are the program's."""
    command, *options = container["args"]
    help = subprocess.run([PROBATE, command, "--help"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE)
    assert help.returncode == 0, help.stderr
    for option in options:
        assert f"{option.split('=')[0]} " in help.stdout, option
    assert container["command"][0].endswith("/probate")


def test_limits(container):
    def mebibytes(quantity):
        return int(re.fullmatch(r"(\d+)Mi", quantity)[1])

    wants, most = container["resources"]["requests"], container["resources"]["limits"]
    assert 32 <= mebibytes(wants["memory"]) <= mebibytes(most["memory"])
    assert "cpu" not in most


def test_the_image_is_said_to_be_made(container):
    assert container["image"].startswith("REGISTRY.EXAMPLE/")
    assert "There is no image to download" in text()
