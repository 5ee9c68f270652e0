"""Trains a CIFAR ResNet on a folder of images per class; stops and resumes at any epoch.

    python train.py --data DIR --width 16 --epochs 40 --out runs/resnet20

With --teacher, trained networks tell it more about each image than the label does.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from data import augmented_batches, load_folder, normalise
from resnet import CifarResNet, from_state


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and test/, a folder per class")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint, weights and log")
    parser.add_argument("--width", type=int, default=16, help="channels of the first stage (default 16)")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.2, help="peak of the one-cycle schedule (default 0.2)")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--label-smoothing", type=float, default=0.1)
    parser.add_argument("--pad", type=int, default=4, help="border for the random crop, pixels (default 4)")
    parser.add_argument("--init", type=Path, metavar="WEIGHTS", help="weights.pt to begin with, instead of at random")
    parser.add_argument("--small-epochs", type=int, default=0, help="first epochs that see small crops (default none)")
    parser.add_argument("--small-side", type=int, default=24, help="side of the small crops, pixels (default 24)")
    parser.add_argument("--cutout", type=int, default=0, help="side of the erased square, pixels (default none)")
    parser.add_argument("--ema", type=float, default=0.998, help="decay of the averaged weights per step")
    parser.add_argument(
        "--teacher", type=Path, action="append", default=[], metavar="WEIGHTS",
        help="weights.pt of a trained network to learn from; several are averaged",
    )  # fmt: skip
    parser.add_argument("--teachers-share", type=float, default=0.6, help="of the loss, 0 to 1 (default 0.6)")
    parser.add_argument("--temperature", type=float, default=2.0, help="of the teachers' softmax (default 2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--float32", action="store_true", help="no bfloat16 autocast (about 2x slower on AVX512-BF16)")
    return parser.parse_args()


def one_cycle(step: int, steps: int, peak: float, warm_up: float = 0.2) -> float:
    """Learning rate at `step`: linear from peak/25 to peak over `warm_up` of the steps, then a half cosine to 0
    (Smith and Topin 2017, arXiv:1708.07120, with the cosine decay that PyTorch's OneCycleLR uses)."""
    rise = warm_up * steps
    if step < rise:
        return peak * (1 / 25 + (1 - 1 / 25) * step / rise)
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def optimiser(model: nn.Module, weight_decay: float) -> torch.optim.SGD:
    """SGD with Nesterov momentum 0.9; no weight decay on norm weights and biases, which are 1-dimensional."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.SGD(
        [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=0.1, momentum=0.9, nesterov=True,
    )  # fmt: skip


@torch.no_grad()
def soft_labels(teachers: list[Path], images: torch.Tensor, temperature: float) -> torch.Tensor:
    """What the teachers say about each image and its mirror image, averaged: float32 N x classes, rows sum to 1."""
    networks = [
        from_state(torch.load(file, weights_only=True)["state"]).to(memory_format=torch.channels_last)
        for file in teachers
    ]
    batches = []
    for start in range(0, len(images), 500):
        x = normalise(images[start : start + 500]).to(memory_format=torch.channels_last)
        said = [F.softmax(net(view) / temperature, 1) for net in networks for view in (x, x.flip(3))]
        batches.append(torch.stack(said).mean(0))
    return torch.cat(batches)


def distilled(hard: torch.Tensor, logits: torch.Tensor, soft: torch.Tensor, share: float, temperature: float):
    """The loss against the labels, mixed with the divergence from the teachers' `soft` labels
    (Hinton, Vinyals and Dean 2015, arXiv:1503.02531, section 2)."""
    divergence = F.kl_div(F.log_softmax(logits / temperature, 1), soft, reduction="batchmean")
    # Gradients of softened targets shrink with the square of the temperature.
    return share * temperature**2 * divergence + (1 - share) * hard


@torch.inference_mode()
def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Top-1 accuracy in float32, 0..1."""
    model.eval()
    right = 0
    for start in range(0, len(images), 500):
        x = normalise(images[start : start + 500]).to(memory_format=torch.channels_last)
        right += int((model(x).argmax(1) == labels[start : start + 500]).sum())
    return right / len(images)


def recorded(args: argparse.Namespace) -> dict[str, str]:
    """What the weights' file says of how they were made."""
    kept = {key: str(value) for key, value in vars(args).items() if key not in ("teacher", "init")}
    return kept | {"teachers": str(len(args.teacher)), "warm_start": str(args.init is not None)}


def main() -> None:
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint_file = args.out / "checkpoint.pt"

    train_images, train_labels = load_folder(args.data / "train", args.out.parent / "train.npz")
    test_images, test_labels = load_folder(args.data / "test", args.out.parent / "test.npz")

    model = CifarResNet(args.width).to(memory_format=torch.channels_last)
    if args.init:
        model.load_state_dict(torch.load(args.init, weights_only=True)["state"])
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(args.ema), use_buffers=True)
    optimizer = optimiser(model, args.weight_decay)
    soft = soft_labels(args.teacher, train_images, args.temperature) if args.teacher else None
    steps_per_epoch = len(train_images) // args.batch
    steps = args.epochs * steps_per_epoch
    first_epoch = 0
    if checkpoint_file.exists():
        saved = torch.load(checkpoint_file, weights_only=True)
        model.load_state_dict(saved["model"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["generator"])
        first_epoch = saved["epoch"]
        print(f"resuming after epoch {first_epoch}", flush=True)

    for epoch in range(first_epoch, args.epochs):
        started, total_loss, right = time.time(), 0.0, 0
        model.train()
        side, pad = (args.small_side, 0) if epoch < args.small_epochs else (train_images.shape[-1], args.pad)
        batches = augmented_batches(train_images, args.batch, side, pad, args.cutout, generator)
        for index, (x, chosen) in enumerate(batches):
            y = train_labels[chosen]
            for group in optimizer.param_groups:
                group["lr"] = one_cycle(epoch * steps_per_epoch + index, steps, args.lr)
            x = x.to(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not args.float32):
                logits = model(x).float()
            loss = F.cross_entropy(logits, y, label_smoothing=args.label_smoothing)
            if soft is not None:
                loss = distilled(loss, logits, soft[chosen], args.teachers_share, args.temperature)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            averaged.update_parameters(model)
            total_loss += float(loss.detach())
            right += int((logits.detach().argmax(1) == y).sum())
        seen = steps_per_epoch * args.batch
        row = {
            "epoch": epoch + 1,
            "loss": round(total_loss / steps_per_epoch, 4),
            "train": round(right / seen, 4),
            "test": accuracy(averaged.module, test_images, test_labels),
            "seconds": round(time.time() - started),
        }
        print(json.dumps(row), flush=True)
        with (args.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        partial = checkpoint_file.with_suffix(".partial")
        torch.save(
            {
                "model": model.state_dict(),
                "averaged": averaged.state_dict(),
                "optimizer": optimizer.state_dict(),
                "generator": generator.get_state(),
                "epoch": epoch + 1,
            },
            partial,
        )
        partial.replace(checkpoint_file)

    torch.save(
        {"width": args.width, "state": averaged.module.state_dict(), "arguments": recorded(args)},
        args.out / "weights.pt",
    )


if __name__ == "__main__":
    main()
