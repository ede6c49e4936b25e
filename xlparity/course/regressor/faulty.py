"""Week 1 as a student might hand it in: with three mistakes of the kinds that course workbooks were found to carry."""

import re

from xlparity.actions.generate import Draft
from xlparity.course.regressor import sheet as s


def plant_mistakes(draft: Draft, iterations: int) -> None:
    """Puts the mistakes into the workbook's Training sheet.

    LOG, which is base 10 in Excel, where numpy has the natural logarithm; a number pasted over a gradient; and a learning
    rate that is typed into an update, which is right until somebody changes alpha.
    """
    sheet, training = draft.book["Training"], s.TRAINING.author
    for iteration in range(1, iterations + 1):
        for cell in training.block("sample_loss", iteration).cells():
            sheet[cell.a1] = sheet[cell.a1].value.replace("LN(", "LOG(")
    sheet[training.block("db1", 2).first.a1] = 0.1
    rate = format(sheet[training.block("alpha").first.a1].value, ".15g")
    update = training.block("W1_new", 1).first.a1
    sheet[update] = re.sub(r"\$\w+\$\d+", rate, sheet[update].value)  # alpha's is the only absolute address
