"""Makes a classifier of the adapted model. The data is CSV with the columns text and label."""
import argparse
import os
import tarfile

import numpy as np
from datasets import ClassLabel, load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments


def f1(prediction):
    """The mean over all classes, however rare."""
    given, said = prediction.label_ids, np.argmax(prediction.predictions, axis=-1)
    scores = []
    for label in np.unique(given):
        hits = np.sum((given == label) & (said == label))
        scores.append(2 * hits / (np.sum(given == label) + np.sum(said == label)))
    return {"f1": float(np.mean(scores))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning_rate", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    args, _ = parser.parse_known_args()

    with tarfile.open(os.path.join(os.environ["SM_CHANNEL_MODEL"], "model.tar.gz")) as archive:
        archive.extractall("/tmp/model")
    tokenizer = AutoTokenizer.from_pretrained("/tmp/model")
    data = load_dataset("csv", data_files={
        part: os.path.join(os.environ["SM_CHANNEL_" + part.upper()], "*.csv") for part in ("train", "validation")
    })
    labels = ClassLabel(names=sorted({str(label) for label in data["train"]["label"]}))
    data = data.map(
        lambda rows: {**tokenizer(rows["text"], truncation=True, max_length=256), "label": labels.str2int([str(label) for label in rows["label"]])},
        batched=True, remove_columns=["text"],
    )
    model = AutoModelForSequenceClassification.from_pretrained(
        "/tmp/model", num_labels=labels.num_classes,
        id2label=dict(enumerate(labels.names)), label2id={name: i for i, name in enumerate(labels.names)},
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir="/tmp/run", learning_rate=args.learning_rate, num_train_epochs=args.epochs,
            per_device_train_batch_size=32, save_strategy="no", fp16=True, report_to=[],
        ),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=tokenizer,
        compute_metrics=f1,
    )
    trainer.train()
    print(trainer.evaluate())
    trainer.save_model(os.environ["SM_MODEL_DIR"])


if __name__ == "__main__":
    main()
