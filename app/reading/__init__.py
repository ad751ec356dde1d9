"""证件读取: what a photo of a card says, as proposals that a guide confirms one by one."""
