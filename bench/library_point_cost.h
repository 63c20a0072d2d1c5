// The part of library_bench about metric points.
#pragma once

// Prints a line for each way; 0: nothing was lost on the way to the exporter.
int point_cost();
