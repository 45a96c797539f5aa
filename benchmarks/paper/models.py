"""The networks of the experiments, in plain torch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Staged(nn.Module):
    """Stages in turn, then a head; what comes out of a stage may be changed on its way, for mixing in latent space."""

    def __init__(self, stages: list[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.head = head

    def forward(self, x: Tensor, after: int = -1, change: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Logits (B, C); ``change`` is applied behind stage ``after``, counted from 1, if there is one."""
        for number, stage in enumerate(self.stages, start=1):
            x = stage(x)
            if change is not None and number == after:
                x = change(x)
        return self.head(x)


def mlp(inputs: int, outputs: int, hidden: int = 256, depth: int = 2, dropout: float = 0.0) -> Staged:
    """Fully connected ReLU network; ``dropout`` follows every ReLU."""
    widths = [inputs, *[hidden] * depth]
    stages = [
        nn.Sequential(nn.Flatten(), nn.Linear(widths[i], widths[i + 1]), nn.ReLU(), nn.Dropout(dropout))
        for i in range(depth)
    ]
    return Staged(stages, nn.Linear(hidden, outputs))


def small_cnn(classes: int, channels: int = 1, size: int = 8, width: int = 16) -> Staged:
    """Two convolutions, one pooling, one hidden layer: a network for pictures of a few pixels."""
    first = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU())
    second = nn.Sequential(nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    hidden = nn.Sequential(nn.Flatten(), nn.Linear(2 * width * (size // 2) ** 2, 128), nn.ReLU())
    return Staged([first, second, hidden], nn.Linear(128, classes))


class PreActBlock(nn.Module):
    """Two 3x3 convolutions, each behind BatchNorm and ReLU (He et al., ECCV 2016), with dropout between them."""

    def __init__(self, inputs: int, outputs: int, stride: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.dropout = nn.Dropout(dropout)
        same = stride == 1 and inputs == outputs
        self.shortcut = None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        active = F.relu(self.norm1(x))
        shortcut = x if self.shortcut is None else self.shortcut(active)
        inner = self.dropout(F.relu(self.norm2(self.conv1(active))))
        return self.conv2(inner) + shortcut


def _pre_activation(classes: int, first: int, widths: list[int], blocks: int, dropout: float) -> Staged:
    stages: list[nn.Module] = [nn.Conv2d(3, first, 3, 1, 1, bias=False)]
    inputs = first
    for group, width in enumerate(widths):
        strides = [1 if group == 0 else 2, *[1] * (blocks - 1)]
        layers = []
        for stride in strides:
            layers.append(PreActBlock(inputs, width, stride, dropout))
            inputs = width
        stages.append(nn.Sequential(*layers))
    head = nn.Sequential(
        nn.BatchNorm2d(inputs), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)
    )
    return Staged(stages, head)


def preact_resnet18(classes: int, width: int = 64, dropout: float = 0.0) -> Staged:
    """PreAct ResNet-18 for 32x32 images: five stages, which the paper's ablation calls layers 1 to 5."""
    return _pre_activation(classes, width, [width, 2 * width, 4 * width, 8 * width], 2, dropout)


def wide_resnet(classes: int, depth: int = 28, widen: int = 10, dropout: float = 0.0) -> Staged:
    """WideResNet (Zagoruyko and Komodakis, 2016) for 32x32 images; depth 6n + 4."""
    return _pre_activation(classes, 16, [16 * widen, 32 * widen, 64 * widen], (depth - 4) // 6, dropout)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions with a shortcut; the stride is in the 3x3, the last norm starts at zero (Goyal)."""

    def __init__(self, inputs: int, planes: int, stride: int, groups: int = 1, group_width: int = 64) -> None:
        super().__init__()
        inner, outputs = planes * group_width // 64 * groups, 4 * planes
        self.body = nn.Sequential(
            *(nn.Conv2d(inputs, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU(inplace=True)),
            *(nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False), nn.BatchNorm2d(inner)),
            *(nn.ReLU(inplace=True), nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs)),
        )
        nn.init.zeros_(self.body[-1].weight)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.shortcut(x))


def resnet(blocks: tuple[int, ...], classes: int, width: int = 64, groups: int = 1, group_width: int = 64) -> Staged:
    """ResNet or ResNeXt of bottlenecks for images of ImageNet's size: (3, 4, 6, 3) is ResNet-50."""
    stem = nn.Sequential(
        nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
    )
    stages: list[nn.Module] = [stem]
    inputs = width
    for group, count in enumerate(blocks):
        planes, layers = width * 2**group, []
        for block in range(count):
            stride = 2 if group > 0 and block == 0 else 1
            layers.append(Bottleneck(inputs, planes, stride, groups, group_width))
            inputs = 4 * planes
        stages.append(nn.Sequential(*layers))
    network = Staged(stages, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    nn.init.normal_(network.head[-1].weight, std=0.01)
    nn.init.zeros_(network.head[-1].bias)
    return network


def lenet(classes: int, height: int, width: int, hidden: int = 500) -> Staged:
    """LeNet (Caffe's widths: 20 and 50 maps of 5x5) for one channel."""
    first = nn.Sequential(nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2))
    second = nn.Sequential(nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    rows, columns = (((side - 4) // 2 - 4) // 2 for side in (height, width))
    third = nn.Sequential(nn.Linear(50 * rows * columns, hidden), nn.ReLU())
    return Staged([first, second, third], nn.Linear(hidden, classes))


def vgg11(classes: int, width: int = 64) -> Staged:
    """VGG-11 (configuration A) with BatchNorm for one channel; global pooling in place of its two hidden layers."""
    inputs, layers = 1, []
    for maps in (width, 0, 2 * width, 0, 4 * width, 4 * width, 0, 8 * width, 8 * width, 0, 8 * width, 8 * width, 0):
        if maps == 0:
            layers.append(nn.MaxPool2d(2))
            continue
        layers.append(nn.Sequential(nn.Conv2d(inputs, maps, 3, padding=1), nn.BatchNorm2d(maps), nn.ReLU()))
        inputs = maps
    return Staged(layers, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)))


def parameters(model: nn.Module) -> int:
    """Number of trained values."""
    return sum(value.numel() for value in model.parameters() if value.requires_grad)


def logits_of(model: nn.Module, inputs: Tensor, batch_size: int = 512) -> Tensor:
    """Evaluation-mode outputs of all inputs, (N, C), without gradients; the model's mode is put back."""
    training = model.training
    model.eval()
    with torch.no_grad():
        outputs = torch.cat([model(part) for part in inputs.split(batch_size)])
    model.train(training)
    return outputs
