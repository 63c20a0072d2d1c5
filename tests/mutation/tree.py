"""The copy of the tree that mutants are made in, and the components in it."""
import collections
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPY = os.path.join(ROOT, "build/mutation")
BUILD = os.path.join(COPY, "build/asan")
TEST_FILE = re.compile(r"_(?:test|fuzz|bench|fixture|support|reference|testing)\.(?:cc|h|c)$|/testing/|_test_support")


class Component(collections.namedtuple("Component", "name folder layer depends test_programs fuzz_targets")):
    def sources(self, files, all_folders):
        """Its files: those below its folder that belong to no component further down."""
        def owner(path):
            return max((folder for folder in all_folders if path.startswith(folder + "/")), key=len, default="")
        return [path for path in files if owner(path) == self.folder and path.endswith((".cc", ".h"))
                and not TEST_FILE.search(path) and not path.startswith("src/io/sim/")]


def words_behind(call, keyword):
    found = re.search(rf"\b{keyword}\b((?:\s+[^A-Z\s][^\s)]*)*)", call)
    return found.group(1).split() if found else []


def components():
    found = []
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        if "CMakeLists.txt" not in names:
            continue
        with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as file:
            text = file.read()
        for call in re.findall(r"millrace_component\((.*?)\)", text, flags=re.S):
            name = re.search(r"NAME (\w+)", call).group(1)
            programs = [name + "_test"] if words_behind(call, "TESTS") else []
            programs += re.findall(r"add_executable\((\w+_test)\b", text)
            found.append(Component(name, os.path.relpath(folder, ROOT), int(re.search(r"LAYER (\d+)", call).group(1)),
                                   words_behind(call, "DEPENDS"), programs, re.findall(r"(\w+_fuzz)\.cc", call)))
    return found


def dependents(component, all_components):
    """The components that are linked with it, the lower layers first."""
    reached, grown = {component.name}, True
    while grown:
        grown = False
        for other in all_components:
            if other.name not in reached and reached & set(other.depends):
                reached.add(other.name)
                grown = True
    return sorted((c for c in all_components if c.name in reached and c.name != component.name), key=lambda c: c.layer)


def copy_tree():
    """Files of the repository as they are now; what is equal keeps its time, so that it is not compiled anew."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    names = [name for name in names if os.path.isfile(os.path.join(ROOT, name))]
    for name in names:
        source, target = os.path.join(ROOT, name), os.path.join(COPY, name)
        if os.path.exists(target):
            with open(source, "rb") as one, open(target, "rb") as other:
                if one.read() == other.read():
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
    kept = set(names)
    for folder, _, found in os.walk(os.path.join(COPY, "src")):
        for name in found:
            path = os.path.relpath(os.path.join(folder, name), COPY)
            if path not in kept:
                os.remove(os.path.join(COPY, path))
    protos = "build/otlp_protos/descriptors.pb"
    if os.path.exists(os.path.join(ROOT, protos)) and not os.path.exists(os.path.join(COPY, protos)):
        os.makedirs(os.path.dirname(os.path.join(COPY, protos)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, protos), os.path.join(COPY, protos))
    return names


def write(path, text):
    with open(os.path.join(COPY, path), "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(os.path.join(COPY, path), encoding="utf-8") as file:
        return file.read()
