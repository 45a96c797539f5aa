"""The experiments of the mixup paper (Zhang, Cisse, Dauphin, Lopez-Paz, ICLR 2018), one script each.

Each trains with fastmix, compares empirical risk minimisation (ERM) with mixup, and writes JSON, a table beside the
paper's figures and a picture: at full size where ``--data`` says where the data set is, else on small real data.

========================  ============================================================================================
``imagenet.py``           section 3.1
``cifar.py``              section 3.2
``commands.py``           section 3.3
``corrupt_labels.py``     section 3.4
``adversarial.py``        section 3.5
``uci.py``                section 3.6
``gan.py``                section 3.7
``ablation.py``           section 3.8
``manifold.py``           figure 2
``tasks.py``              data, network and optimiser of the classification experiments
``training.py``           the training loop
``imagenet_training.py``  training on folders of images, on any number of ranks
``batches.py``            batches of data in memory
``checkpoint.py``         checkpoints
``models.py``             networks
``evaluation.py``         errors, losses, calibration
``attacks.py``            adversarial examples
``neighbours.py``         partners by class and by distance
``seeding.py``            generators by purpose
``digits.py``             scikit-learn's digits as tensors, folders and CIFAR files
``cifar_files.py``        reads CIFAR
``uci_files.py``          reads the UCI sets
``speech.py``             reads speech commands
``command_line.py``       command lines and progress bars
``report.py``             results as JSON and tables
``claims.py``             the paper's claims, and how results judge them
``figures.py``            charts
``summary.py``            writes README.md
========================  ============================================================================================
"""
