"""Writes the measures that are to be scored as the model takes them, behind a number by which they are known."""
import csv
import pathlib

BASE = pathlib.Path("/opt/ml/processing")
SEXES = ["M", "F", "I"]
COLUMNS = 9  # a number, the sex, seven measures


def main():
    (BASE / "input").mkdir(parents=True, exist_ok=True)
    with open(BASE / "input" / "batch.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for source in sorted((BASE / "raw").rglob("*.csv")):
            with open(source, newline="") as raw:
                for row in csv.reader(raw):
                    if len(row) != COLUMNS or row[1] not in SEXES:
                        continue  # a header
                    number, sex, *measures = row
                    writer.writerow([number] + [int(sex == s) for s in SEXES] + measures)


if __name__ == "__main__":
    main()
