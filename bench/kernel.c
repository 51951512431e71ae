/* The kernel of src/twokey/perf/kernels/exact.py written in C, to measure what the compiled Python leaves on the table.
   Same tables, same blocks of designs innermost, exact flags: -O3 -march=native -ffp-contract=fast, no -ffast-math. */
#include <math.h>
#ifndef REAL
#define REAL double
#define NAME phase_times_f64
#define CEIL ceil
#define FLOOR floor
#endif
#define LANES 64
#define BIG ((REAL)1e30)
#define EACH for (int i = 0; i < LANES; i++)

void NAME(long n, const REAL *restrict x, long ops_n, const long *op_start, const long *tile_start,
          const REAL *ops, const REAL *tiles, const REAL *pairs, long vectors_n, const double *vectors,
          const REAL *links, REAL *restrict out)
{
    REAL cores[LANES], rows[LANES], cols[LANES], lanes[LANES], per_clock[LANES], fill[LANES], sram[LANES], l2[LANES];
    REAL per_l2[LANES], per_dram[LANES], total[LANES], best[LANES], comp[LANES], penalty[LANES];
    for (long start = 0; start < n; start += LANES) {
        EACH {
            long j = start + i < n ? start + i : n - 1;
            cores[i] = x[j]; rows[i] = x[n + j]; cols[i] = x[2 * n + j]; lanes[i] = x[3 * n + j];
            per_clock[i] = 1 / x[4 * n + j];
            fill[i] = (x[n + j] + x[2 * n + j]) / x[4 * n + j];
            sram[i] = x[5 * n + j] * 1024; l2[i] = x[6 * n + j] * 1048576;
            per_l2[i] = 1 / x[7 * n + j]; per_dram[i] = 1 / x[8 * n + j];
            total[i] = links[0] / x[10 * n + j] + links[1];
        }
        for (long v = 0; v < vectors_n; v++) {
            const double *w = vectors + 4 * v;
            EACH {
                double arithmetic = ceil(w[0] / ((double)cores[i] * (double)lanes[i])) * w[1] * per_clock[i];
                double memory = w[0] * w[2] * per_dram[i];
                total[i] += (REAL)(w[3] * (arithmetic > memory ? arithmetic : memory));
            }
        }
        for (long o = 0; o < ops_n; o++) {
            REAL batch = ops[2 * o];
            EACH best[i] = BIG;
            for (long c = op_start[o]; c < op_start[o + 1]; c++) {
                const REAL *t = tiles + 12 * c;
                REAL k1 = t[0], n1 = t[1], k2 = t[2], n2 = t[3], height = t[4], fills = t[5], scores = t[6], flops = t[7];
                REAL need = t[8], step = t[9], result = t[10];
                if (scores == 0) {
                    EACH {
                        REAL passes = CEIL(k1 / rows[i]) * CEIL(n1 / cols[i]);
                        comp[i] = passes * height * per_clock[i] + fill[i];
                        penalty[i] = need <= sram[i] ? 0 : BIG;
                    }
                } else {
                    EACH {
                        REAL passes = CEIL(k1 / rows[i]) * CEIL(n1 / cols[i]) + CEIL(k2 / rows[i]) * CEIL(n2 / cols[i]);
                        REAL array = passes * height * per_clock[i] + fills * fill[i];
                        REAL vector = CEIL(scores / lanes[i]) * flops * per_clock[i];
                        comp[i] = array > vector ? array : vector;
                        penalty[i] = need <= sram[i] ? 0 : BIG;
                    }
                }
                for (long p = tile_start[c]; p < tile_start[c + 1]; p++) {
                    const REAL *q = pairs + 7 * p;
                    REAL space = q[0], load = q[1], store = q[2], blocks = q[3], loads = q[4], count = q[5], steps = q[6];
                    if (batch == 1) {
                        EACH {
                            REAL waves = CEIL(count / cores[i]);
                            REAL share = (count < cores[i] ? count : cores[i]) * per_l2[i];
                            REAL read = step * share;
                            REAL inner = comp[i] > read ? comp[i] : read;
                            inner = waves * (steps * inner + read + result * share);
                            REAL fetch = load * per_dram[i];
                            inner = inner > fetch ? inner : fetch;
                            REAL time = blocks * (loads * inner + store * per_dram[i]) + fetch;
                            time += space <= l2[i] ? penalty[i] : BIG;
                            best[i] = time < best[i] ? time : best[i];
                        }
                    } else {
                        EACH {
                            REAL held = FLOOR(l2[i] / space);
                            held = held < batch ? held : batch;
                            held = held > 1 ? held : 1;
                            REAL rounds = CEIL(batch / held), jobs = held * count;
                            REAL waves = CEIL(jobs / cores[i]);
                            REAL share = (jobs < cores[i] ? jobs : cores[i]) * per_l2[i];
                            REAL read = step * share;
                            REAL inner = comp[i] > read ? comp[i] : read;
                            inner = waves * (steps * inner + read + result * share);
                            REAL rate = held * per_dram[i], fetch = load * rate;
                            inner = inner > fetch ? inner : fetch;
                            REAL time = rounds * blocks * (loads * inner + store * rate) + fetch;
                            time += space <= l2[i] ? penalty[i] : BIG;
                            best[i] = time < best[i] ? time : best[i];
                        }
                    }
                }
            }
            REAL count = ops[2 * o + 1];
            EACH total[i] += count * best[i];
        }
        for (int i = 0; i < LANES && start + i < n; i++) out[start + i] = total[i];
    }
}
