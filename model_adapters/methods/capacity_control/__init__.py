"""Capacity control: fine-tune a latent-diffusion model with few of its parameters, so that it memorises less.

After "Capacity Control is an Effective Memorization Mitigation Mechanism in Text-Conditional Diffusion Models" (arXiv
2410.22149) and MemControl (arXiv 2405.19458): families of trainable parameters, block masks, two mitigations.
"""
