"""The experiments of the mixup paper (Zhang, Cisse, Dauphin, Lopez-Paz, ICLR 2018), one script each.

Each trains with fastmix, compares empirical risk minimisation (ERM) with mixup, and writes JSON, a table beside the
paper's figures and a picture: at full size where ``--data`` says where the data set is, else on small real data.
"""
