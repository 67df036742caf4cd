"""Goes on training a language model on texts of one's own, from the last checkpoint if there is one."""
import argparse
import os

from datasets import load_dataset
from transformers import AutoModelForMaskedLM, AutoTokenizer, DataCollatorForLanguageModeling, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

CHECKPOINTS = "/opt/ml/checkpoints"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--epochs", type=float, default=1)
    args, _ = parser.parse_known_args()
    os.makedirs(CHECKPOINTS, exist_ok=True)

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    texts = load_dataset("text", data_dir=os.environ["SM_CHANNEL_TEXTS"], split="train")
    texts = texts.filter(lambda row: row["text"].strip() != "")
    texts = texts.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=256), batched=True, remove_columns=["text"])
    parts = texts.train_test_split(test_size=0.05, seed=1)
    trainer = Trainer(
        model=AutoModelForMaskedLM.from_pretrained(args.model),
        args=TrainingArguments(
            output_dir=CHECKPOINTS, num_train_epochs=args.epochs, per_device_train_batch_size=32,
            save_steps=200, save_total_limit=2, fp16=True, report_to=[],
        ),
        train_dataset=parts["train"],
        eval_dataset=parts["test"],
        data_collator=DataCollatorForLanguageModeling(tokenizer),
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(CHECKPOINTS))
    print(trainer.evaluate())
    trainer.save_model(os.environ["SM_MODEL_DIR"])
    tokenizer.save_pretrained(os.environ["SM_MODEL_DIR"])


if __name__ == "__main__":
    main()
