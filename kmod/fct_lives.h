/* SPDX-License-Identifier: GPL-2.0 */
/* fct_lives.h - which struct nfsd_file this is, of those that have been at its address */
#ifndef FCT_LIVES_H
#define FCT_LIVES_H

#include <linux/types.h>

struct fct_life;

struct fct_life *fct_life_find(const void *nf);
u32 fct_life_generation(struct fct_life *life, u16 op);
void fct_life_watch_grace(struct fct_life *life, u16 op);

#endif /* FCT_LIVES_H */
