"""Reports how many rows were scored, and how many were not."""
import json
import pathlib

BASE = pathlib.Path("/opt/ml/processing")


def numbers(directory):
    found = []
    for file in sorted((BASE / directory).rglob("*")):
        if file.is_file():
            found += [line.split(",")[0] for line in file.read_text().splitlines() if line.strip()]
    return found


def main():
    wanted, scored = numbers("input"), numbers("scores")
    report = {
        "wanted": len(wanted),
        "scored": len(scored),
        "missing": len(set(wanted) - set(scored)),
        "twice": len(scored) - len(set(scored)),
    }
    (BASE / "report").mkdir(parents=True, exist_ok=True)
    (BASE / "report" / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main()
